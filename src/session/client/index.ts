export type { SessionEvents, SessionOptions } from './options.ts'
export type { Outcome, Outcomes, SessionResult } from './outcomes.ts'
export { Session } from './session.ts'
export type { TopicEvent } from './topics.ts'
