import { byId } from '../dom.js'
import { card } from './card.js'
import { chatRoom } from './chat-room.js'
import { echo } from './echo.js'
import { guest, guestOnDemand } from './guest.js'
import { hello } from './hello.js'
import { service } from './service.js'
import { subprotocols } from './subprotocols.js'
import { upload } from './upload.js'

const all = [echo, hello, service, chatRoom, guest, guestOnDemand, upload, subprotocols]
byId('cards').append(...all.map(card))
