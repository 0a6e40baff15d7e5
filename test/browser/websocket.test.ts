import { inject } from 'vitest'
import { configured } from '../../src/websocket/index.ts'
import { events } from '../websocket/events.ts'
import { shape } from '../websocket/shape.ts'
import { standard } from '../websocket/standard.ts'

const Ours = configured({ reconnect: false })
standard(Ours, inject('conversation'))
events(Ours, inject('conversation'))
shape(Ours, inject('conversation'))
