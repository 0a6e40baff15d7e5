import type { Rig } from './rigs.ts'

/** The floor, the `on…` attributes of a `WebSocket`, twice: what the second differs by is the noise of the run. */
export const floors = ['raw', 'raw again'] as const

const everywhere = [
  ...floors,
  'raw, addEventListener',
  'holdfast',
  'holdfast, message',
  'sockette',
  'reconnecting-websocket',
  'websocket-ts',
  '@nktkas/rews',
  'partysocket',
  'socket.io',
]

/** robust-websocket reads `navigator` when it is imported, so that Node 20 cannot load it. */
export const peersOf = (rig: Rig): string[] =>
  rig.name === 'node' ? everywhere : [...everywhere, 'robust-websocket']
