export type { SessionEvents, SessionMessageEvent, SessionOptions } from './options.ts'
export type { Outcomes, SessionOutcome } from './outcomes.ts'
export { Session } from './session.ts'
export type { TopicEvent } from './topics.ts'
