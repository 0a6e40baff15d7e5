import './timers.ts'

import * as operations from './operations.ts'
import { peers, robust } from './peers.ts'
import { timers } from './timers.ts'

peers['robust-websocket'] = await robust()
Object.assign(globalThis, { operations: { ...operations, timers } })
