import { afterAll } from 'vitest'
import { WebSocket } from 'ws'
import { contract, type Engine } from '../support/contract.ts'
import { startConversation } from '../support/conversation.ts'

const conversation = await startConversation()
afterAll(() => conversation.stop())

contract('ws', () => ({
  kind: 'ws',
  WebSocket: WebSocket as unknown as Engine['WebSocket'],
  ...conversation,
}))
