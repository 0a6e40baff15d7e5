import PartySocket from 'partysocket/ws'
import ReconnectingWebSocket from 'reconnecting-websocket'
import { WebSocket } from 'ws'
import { Socket } from '../../src/index.ts'
import { serve } from '../rpc.ts'

Object.assign(globalThis, { WebSocket })

const libraries: Record<string, (url: string) => unknown> = {
  holdfast: (url) => new Socket(url),
  // Drawn once per page by itself; these clients stand for as many pages.
  'reconnecting-websocket': (url) =>
    new ReconnectingWebSocket(url, [], { minReconnectionDelay: 1_000 + Math.random() * 4_000 }),
  partysocket: (url) => new PartySocket(url),
}

const kept: unknown[] = []

serve({
  open: (library: string, url: string, count: number) => {
    for (let i = 0; i < count; i++) kept.push(libraries[library]?.(url))
  },
})
