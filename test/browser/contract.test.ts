import { inject } from 'vitest'
import { server } from 'vitest/browser'
import { contract, type Engine } from '../support/contract.ts'

const kind = server.browser as Engine['kind']
contract(kind, () => ({ kind, WebSocket, ...inject('conversation') }))
