import { Socket } from '../../../src/index.ts'
import { Session } from '../../../src/session/client/index.ts'
import { serveTabs } from '../../../src/tabs/index.ts'

/** The worker of the tests. Its script's query says which server to connect to, and how. */
const { searchParams } = new URL(location.href)
const server = searchParams.get('server') ?? ''
const socket = searchParams.has('session')
  ? new Session(server)
  : new Socket(server, {
      heartbeat: { ping: 'ping', pong: 'pong' },
      ...JSON.parse(searchParams.get('socket') ?? '{}'),
    })

const texts: string[] = []
const tabs = serveTabs(socket, {
  ...JSON.parse(searchParams.get('serve') ?? '{}'),
  ...(searchParams.has('snapshot') && { snapshot: () => ({ texts }) }),
})

socket.on('text', (text: string) => {
  texts.push(text)
  // The server asks for what a test wants to know or to happen.
  if (text === 'how many tabs?') socket.send(`${tabs.tabs} tabs`)
  if (text === 'die') self.close()
})
