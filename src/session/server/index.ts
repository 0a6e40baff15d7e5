export { SUBPROTOCOL } from '../protocol/frames.ts'
export type { Counters, Ending, EndingReason, Limits } from './limits.ts'
export { MemoryStore } from './memory-store.ts'
export type { ReceivedHow, SessionsOptions } from './options.ts'
export type {
  Following,
  PublishedMessage,
  PublishOptions,
  ServerSession,
  SubscribeOptions,
} from './server-session.ts'
export { Sessions } from './sessions.ts'
export type { DataOptions, HandshakeRequest, Item, ServerSocket } from './socket.ts'
export type {
  Answer,
  Bounds,
  Claim,
  Host,
  Journal,
  Kept,
  Recorder,
  Store,
  TopicBounds,
  TopicLog,
  TopicMember,
  TopicPage,
  TopicPosition,
} from './store.ts'
