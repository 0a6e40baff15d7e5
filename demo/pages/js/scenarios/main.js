import { byId } from '../dom.js'
import { statusInHeader } from '../header.js'
import { card } from './card.js'
import { chatRoom } from './chat-room.js'
import { echo } from './echo.js'
import { guest, guestOnDemand } from './guest.js'
import { hello } from './hello.js'
import { service } from './service.js'
import { subprotocols } from './subprotocols.js'
import { upload } from './upload.js'

const all = [echo, hello, service, chatRoom, guest, guestOnDemand, upload, subprotocols]
const statuses = new Map()
const showInHeader = statusInHeader()

function showStatuses() {
  const values = [...statuses.values()]
  const open = values.filter((status) => status === 'open').length
  const trying = values.some((status) => status === 'waiting' || status === 'connecting')
  showInHeader(trying ? 'waiting' : open > 0 ? 'open' : 'closed', `${open} of ${all.length} connected`)
}

const cards = all.map((scenario) =>
  card(scenario, (status) => {
    statuses.set(scenario.number, status)
    showStatuses()
  }),
)
byId('cards').append(...cards.map(({ element }) => element))
for (const { start } of cards) start()
