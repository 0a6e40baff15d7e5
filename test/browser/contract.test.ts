import { inject } from 'vitest'
import { server } from 'vitest/browser'
import { contract, type Engine } from '../support/contract.ts'
import { fakeEngine } from '../support/fakeEngine.ts'

const kind = server.browser as Engine['kind']
contract(kind, () => ({ kind, WebSocket, ...inject('conversation') }))
contract(`the fake in ${kind}`, fakeEngine)
