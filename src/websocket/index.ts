export { configured } from './configured.ts'
export type { WebSocketOptions } from './options.ts'
export { ReconnectingWebSocket } from './websocket.ts'
