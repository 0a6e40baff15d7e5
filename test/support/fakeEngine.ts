import { FakeServer } from '../../src/testing/index.ts'
import type { Engine } from './contract.ts'
import { converse, select } from './converse.ts'

/** The fake server of `holdfast/testing` for the contract suite. */
export function fakeEngine(): Engine {
  const server = new FakeServer('ws://fake.test/', {
    selectProtocol: select,
    onMessage: (client, data) =>
      converse(
        {
          send: (message) => client.say(message),
          close: (code, reason) => client.hangUp(code, reason),
          vanish: () => client.vanish(),
        },
        data,
      ),
  })
  return { kind: 'fake', WebSocket: server.WebSocket, url: server.url, refused: 'ws://nobody.test/' }
}
