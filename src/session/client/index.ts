export type { SessionEvents, SessionOptions } from './options.ts'
export type { Outcome, Outcomes } from './outcomes.ts'
export { Session } from './session.ts'
