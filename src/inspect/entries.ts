import type { Closed, Data, SendResult, Status } from '../index.ts'

/** A `Closed` without references to the application's objects: an error is kept as its text. */
export interface RecordedClose extends Pick<Closed, 'code' | 'reason' | 'wasClean' | 'cause'> {
  error?: string
  /** Whether the browser reported at that moment that there was no network. */
  offline?: boolean
}

/** Every status that a socket can have. */
export type RecordedStatus = Status | 'suspended'

/** The status changed. */
export interface Transition {
  readonly type: 'transition'
  readonly id: number
  /** When it happened, in ms since the epoch. */
  readonly at: number
  readonly status: RecordedStatus
  /** For `connecting`: without its query, user name, password and fragment, which often hold secrets. */
  url?: string
  /** For `connecting` and `waiting`: failures in a row before this attempt. */
  attempt?: number
  /** For `waiting`: ms until the next attempt. */
  delay?: number
  /** For `waiting`, `suspended` and `closed`: how the attempt or the connection ended. */
  close?: RecordedClose
  /** For `open`: the selected subprotocol. */
  protocol?: string
  /** For `open` of a session: whether it was resumed, or had to be created again. */
  session?: 'resumed' | 'fresh'
}

/** What became of a message that was sent. */
export interface RecordedOutcome {
  result: string
  reason?: string
}

/** One frame, in or out. */
export interface Frame {
  readonly type: 'frame'
  readonly id: number
  readonly at: number
  readonly direction: 'in' | 'out'
  /** `control` is a frame of the session protocol itself. */
  readonly kind: 'text' | 'binary' | 'control'
  /** Bytes on the wire, without the frame's own header: UTF-8 for text. */
  readonly size: number
  /** What was kept of the payload, if anything. */
  payload?: string | Uint8Array | undefined
  /** Whether `payload` is only the beginning, or was discarded to keep the record within `bytes`. */
  cut?: boolean
  /** What `send` returned. */
  result?: SendResult
  outcome?: RecordedOutcome
}

/** A message was dropped. */
export interface Drop {
  readonly type: 'drop'
  readonly id: number
  readonly at: number
  readonly size: number
  readonly why: string
  readonly reason: string
}

/** A heartbeat was answered. */
export interface Pulse {
  readonly type: 'pulse'
  readonly id: number
  readonly at: number
  /** Round-trip time in ms. */
  readonly rtt: number
}

export type Entry = Transition | Frame | Drop | Pulse

export interface RecordOptions {
  /**
   * How many transitions, how many frames and how many round trips are kept. A flood of frames does not push out the
   * transitions.
   * @default 200
   */
  entries?: number | undefined
  /**
   * How much payload is kept in all: characters of text and bytes of binary frames. The oldest payloads are discarded
   * first; their entries stay.
   * @default 262144
   */
  bytes?: number | undefined
  /**
   * How much of each payload is kept: `off` nothing but the size, `cut` the first 256 characters or bytes, `on` all of
   * it, within `bytes`.
   * @default 'cut'
   */
  payload?: 'off' | 'cut' | 'on' | undefined
  /**
   * Called with every payload before anything of it is kept. Return what may be kept (the data itself, or a changed
   * copy), or `undefined` to keep nothing. If it throws, nothing is kept and the error is reported.
   *
   * ```ts
   * record(socket, { redact: (data) => (typeof data === 'string' ? data.replace(/"token":"[^"]*"/, '"token":"…"') : data) })
   * ```
   */
  redact?: ((data: Data, frame: { direction: 'in' | 'out' }) => Data | undefined) | undefined
}

/** Frames and bytes since the recorder was started or cleared. */
export interface Totals {
  in: { frames: number; bytes: number }
  out: { frames: number; bytes: number }
  dropped: number
}
