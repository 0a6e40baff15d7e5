import type { Events } from './events.ts'

/** The events of every socket. `on` throws for any other name. */
export const EVENTS = [
  'status',
  'connecting',
  'open',
  'message',
  'text',
  'json',
  'binary',
  'invalid',
  'waiting',
  'closed',
  'pulse',
  'drop',
] as const satisfies (keyof Events)[]
