import type { Data, DropReason, Events, Outcome, Status } from '../index.ts'

/** Everything that a page posts to the worker. The first element names the message. */
export type FromTab =
  /** First on a port. `open`: open the worker's socket if it is closed. `pings`: this page has no Web Locks. */
  | ['join', { open: boolean; pings: boolean }]
  | ['send', id: number, data: Data]
  /** The answer to a `frames` message with `ack`, after all of its frames were handed to the page's listeners. */
  | ['ack']
  /** Calls of the same name on this tab's socket. */
  | ['open']
  | ['check']
  | ['reconnect', { dropQueue: boolean; overlap: boolean }]
  /** Last on a port: the page is being left, or its socket was closed or suspended. */
  | ['leave']

/** The state of the worker's socket: a status, and the value of the event that announced it. */
export type State = {
  [Name in Status]: readonly [status: Name, value: Name extends keyof Events ? Events[Name] : undefined]
}[Status]

/** Sent to a page when it joins, and again after it has missed something. */
export interface Joined {
  state: State
  /** How many frames were not relayed to this page since it joined on this port. */
  missed: number
  /** Present if `serveTabs` has the option `snapshot`. */
  snapshot?: { value: unknown }
  /** The name of the Web Lock that the worker holds as long as it lives, once it holds one. */
  lock?: string | undefined
}

/** `why`: of the `drop` event, where the worker's socket dropped the message. */
export type SentOutcome = Outcome & { why?: DropReason }

/** Everything that the worker posts to a page. */
export type FromWorker =
  | ['joined', Joined]
  | ['lock', name: string]
  | ['state', State]
  /** Frames of the server, in order. `ack`: the page must post `['ack']`. An empty list is a ping. */
  | ['frames', frames: Data[], ack: boolean]
  | ['pulse', Events['pulse']]
  /** What became of messages of this page, and how many bytes the worker's socket still holds. */
  | ['outcomes', outcomes: [id: number, outcome: SentOutcome][], bufferedAmount: number]

/** Whether the browser has Web Locks here: only in secure contexts. */
export const locks = (): LockManager | undefined => globalThis.navigator?.locks
