import { contract } from '../support/contract.ts'
import { converse, select } from '../support/converse.ts'
import { fake } from '../support/fakes.ts'

contract('the fake', () => {
  const { FakeWebSocket, server } = fake()
  server.select = select
  server.onMessage = (peer, data) => {
    if (!(data instanceof Blob)) converse(peer, data)
  }
  return { kind: 'fake', WebSocket: FakeWebSocket, url: server.url, refused: 'ws://nobody.test/' }
})
