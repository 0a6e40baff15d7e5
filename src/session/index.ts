export { Session } from './client.ts'
export type { Outcome, Outcomes } from './message.ts'
export type { SessionEvents, SessionOptions } from './options.ts'
