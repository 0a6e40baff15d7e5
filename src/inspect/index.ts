export type { CloseContext, CloseDescription } from './close-words.ts'
export { describeClose } from './close-words.ts'
export type {
  Drop,
  Entry,
  Frame,
  Pulse,
  RecordedClose,
  RecordedOutcome,
  RecordOptions,
  Totals,
  Transition,
} from './entries.ts'
export { defineInspector, type HoldfastInspector, inspect } from './inspector.ts'
export { profile } from './profile.ts'
export type { Recorder } from './recorder.ts'
export { record } from './recorder.ts'
export type { Period, Step } from './timeline.ts'
export { timeline } from './timeline.ts'
