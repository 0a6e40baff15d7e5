export { toArrayBuffer, toBlob, toText } from './binary.ts'
export { messages } from './messages.ts'
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
} from './options.ts'

export { request } from './request.ts'
export { Socket } from './socket.ts'
export type { Cause, Closed, Data, DropReason, Events, Failure, SendResult, Status, Wire } from './types.ts'
export { upload } from './upload.ts'
