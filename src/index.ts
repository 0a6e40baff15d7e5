export { toArrayBuffer, toBlob, toText } from './core/binary.ts'
export type {
  Cause,
  Closed,
  Data,
  DropReason,
  Events,
  Failure,
  SendResult,
  SocketLike,
  Status,
} from './core/events.ts'
export type {
  Greeting,
  Options,
  PingOptions,
  Provided,
  QueueOptions,
  ReconnectOptions,
  Schema,
  SilenceOptions,
  WebSocketConstructor,
} from './core/options.ts'
export { Socket } from './core/socket.ts'
export { messages } from './helpers/messages.ts'
export { request } from './helpers/request.ts'
export { upload } from './helpers/upload.ts'
