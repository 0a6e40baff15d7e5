export type { LatestOptions } from '../bindings/follow.ts'
export { useLatest, useListener, useSend, useSocket, useStatus } from './composables.ts'
