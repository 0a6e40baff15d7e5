export { Session } from './client.ts'
export type { Outcome, Outcomes } from './half.ts'
export type { SessionEvents, SessionOptions } from './options.ts'
