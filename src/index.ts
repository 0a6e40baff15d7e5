export { toArrayBuffer, toBlob, toText } from './core/binary.ts'
export { Refused } from './core/errors.ts'
export type {
  AnyListener,
  BinaryData,
  Cause,
  Closed,
  Data,
  DropReason,
  Events,
  Failure,
  ListenerOptions,
  Outcome,
  SendOptions,
  SendResult,
  SocketLike,
  Status,
} from './core/events.ts'
export {
  type Greeting,
  type Options,
  type PingOptions,
  type Provided,
  type QueueOptions,
  type ReconnectOptions,
  type Schema,
  type SilenceOptions,
  type TypeToken,
  typeOf,
  type WebSocketConstructor,
} from './core/options.ts'
export { isFinal } from './core/policy/close-codes.ts'
export type { ReconnectCallOptions } from './core/reconnect-options.ts'
export { Socket } from './core/socket.ts'
export { type MessagesOptions, messages } from './helpers/messages.ts'
export { type RequestOptions, request } from './helpers/request.ts'
export { type UploadOptions, upload } from './helpers/upload.ts'
