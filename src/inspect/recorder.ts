import { numberFrom, type OptionRules, ofType, oneOf, resolveGroup, shown } from '../core/validate.ts'
import type { Closed, Data, SendResult, SocketLike } from '../index.ts'
import type {
  Drop,
  Entry,
  Frame,
  Pulse,
  RecordedClose,
  RecordedStatus,
  RecordOptions,
  Totals,
  Transition,
} from './entries.ts'
import { copyOf, isControl, isData, kindOf, sizeOf } from './payload.ts'

/** Characters or bytes of a payload that `cut` keeps, and of a reason or an error. */
const CUT = 256

interface ResolvedOptions extends Pick<RecordOptions, 'redact'> {
  entries: number
  bytes: number
  payload: 'off' | 'cut' | 'on'
}

const rules: OptionRules<ResolvedOptions> = {
  entries: numberFrom(1, 200),
  bytes: numberFrom(0, 262_144),
  payload: oneOf(['off', 'cut', 'on'], 'cut'),
  redact: ofType('function'),
}

/** @throws {TypeError | RangeError} as `record` does */
export function resolveRecordOptions(options: RecordOptions): ResolvedOptions {
  return resolveGroup('record.', options, rules)
}

/** @throws {TypeError} for what is no `SocketLike` */
export function requireSocket(socket: unknown): void {
  if (typeof (socket as SocketLike | undefined | null)?.sendJson !== 'function')
    throw new TypeError(
      `holdfast: record: takes a Socket, a Session or the socket of a tab, not ${shown(socket)}`,
    )
}

type SendOptions = { onOutcome?: (outcome: { result: string; reason?: string }) => void }
type Listener = (entry: Entry | undefined) => void

/** What a recorder needs from a socket, without the types of its messages. */
interface Recordable {
  status: RecordedStatus
  send(data: Data, options?: SendOptions): SendResult
  sendJson(value: unknown, options?: SendOptions): SendResult
  on(name: string, listener: (value: never) => void): () => void
}

/** What happened to one socket, bounded in entries and bytes. */
export interface Recorder {
  readonly socket: SocketLike<unknown, never>
  /** Changes of status, oldest first. */
  readonly transitions: readonly Transition[]
  /** Frames and dropped messages, oldest first. */
  readonly frames: readonly (Frame | Drop)[]
  /** Round trips of the heartbeat, oldest first. */
  readonly pulses: readonly Pulse[]
  /** All of them in the order in which they happened. */
  readonly entries: Entry[]
  readonly totals: Totals
  /**
   * Calls `listener` with every entry that is added or changed (a message's outcome may be known later), and with
   * `undefined` when the record is cleared. Returns an unsubscribe function.
   */
  subscribe(listener: Listener): () => void
  /** Adds a frame that the socket does not tell of, such as a control frame of a session. */
  frame(direction: 'in' | 'out', data: Data): void
  /** Forgets everything but the current status. */
  clear(): void
  /** Stops recording and gives the socket its own `send` back. What was recorded stays readable. */
  stop(): void
}

function report(error: unknown): void {
  // Node has no `reportError`.
  ;(globalThis.reportError ?? console.error)(error)
}

function recorded({ code, reason, wasClean, cause, error }: Closed): RecordedClose {
  const close: RecordedClose = { code, reason: reason.slice(0, CUT), wasClean, cause }
  if (error !== undefined) close.error = String((error as Error | null)?.message ?? error).slice(0, CUT)
  if (globalThis.navigator?.onLine === false) close.offline = true
  return close
}

/** `wss://user:secret@host/path?token=…` → `wss://host/path?…` */
function withoutSecrets(url: string): string {
  const [, start = '', place = '', query = ''] = /^(\w+:\/\/)?(?:[^/?#]*@)?([^?#]*)(\?.)?/.exec(url) ?? []
  return start + place.slice(0, CUT) + (query && '?…')
}

/**
 * Records what happens to a socket: its changes of status, its frames and its round trips.
 *
 * Incoming frames are heard as events; for outgoing ones, `send` and `sendJson` are overridden on this one object until
 * `stop()`. A socket that is not recorded runs exactly the code that it ran before.
 *
 * Pings and their answers are not frames here: a socket handles them inside and emits `pulse`.
 *
 * @throws {TypeError} for an unknown option, and if `socket` is not a `SocketLike`
 * @throws {RangeError} for a limit out of range, and an unknown value of `payload`
 */
export function record<In, Out>(socket: SocketLike<In, Out>, options: RecordOptions = {}): Recorder {
  requireSocket(socket)
  const { entries, bytes, payload, redact } = resolveRecordOptions(options)
  const most = { off: 0, cut: Math.min(CUT, bytes), on: bytes }[payload]
  const target = socket as unknown as Recordable

  const transitions: Transition[] = []
  const frames: (Frame | Drop)[] = []
  const pulses: Pulse[] = []
  const totals: Totals = { in: { frames: 0, bytes: 0 }, out: { frames: 0, bytes: 0 }, dropped: 0 }
  const listeners = new Set<Listener>()
  const undo: (() => void)[] = []
  let ids = 0
  let kept = 0
  let recording = true

  function changed(entry: Entry | undefined): void {
    for (const listener of listeners) {
      try {
        listener(entry)
      } catch (error) {
        report(error)
      }
    }
  }

  function forget(frame: Frame | Drop | undefined): void {
    if (frame?.type !== 'frame' || !frame.payload) return
    kept -= frame.payload.length
    frame.payload = undefined
    frame.cut = true
  }

  function add<Kind extends Entry>(list: Kind[], entry: Omit<Kind, 'id' | 'at'>): Kind {
    const added = { id: ++ids, at: Date.now(), ...entry } as Kind
    list.push(added)
    if (list.length > entries) forget(list.shift() as Frame)
    return added
  }

  /** Keeps the payload of a frame as far as the options allow. */
  function keep(frame: Frame, data: string | ArrayBuffer | ArrayBufferView): void {
    const copy = copyOf(data, most)
    const whole = typeof data === 'string' ? data.length : data.byteLength
    frame.payload = copy
    if (copy.length < whole) frame.cut = true
    kept += copy.length
    for (const other of frames) {
      if (kept <= bytes) break
      if (other !== frame) forget(other)
    }
  }

  function addFrame(direction: 'in' | 'out', data: Data, kind: Frame['kind'] = kindOf(data)): Frame {
    const size = sizeOf(data)
    const frame = add<Frame>(frames as Frame[], { type: 'frame', direction, kind, size })
    const total = totals[direction]
    total.frames++
    total.bytes += size
    if (!most) return frame
    try {
      const shown = redact ? redact(data, { direction }) : data
      if (shown === undefined) frame.cut = true
      else if (typeof shown === 'string' || !('size' in shown)) keep(frame, shown)
      else void keepBlob(frame, shown)
    } catch (error) {
      report(error)
    }
    return frame
  }

  /** The bytes of a Blob can only be read later. */
  async function keepBlob(frame: Frame, blob: Blob): Promise<void> {
    try {
      const buffer = await blob.slice(0, most).arrayBuffer()
      if (!recording || !frames.includes(frame)) return
      keep(frame, buffer)
      if (blob.size > most) frame.cut = true
      changed(frame)
    } catch (error) {
      report(error)
    }
  }

  /** The close that the current transition was emitted with. */
  let lastClose: Closed | undefined
  /** Whether the current transition has its details: they come with another event than `status`. */
  let detailed = false

  function move(status: RecordedStatus, details?: Partial<Transition>, close?: Closed): void {
    // Emitted again with the same close, only the delay is new.
    const sameClose = close && close === lastClose
    if (close && !sameClose) details = { ...details, close: recorded(close) }
    let transition = transitions.at(-1)
    const known = transition?.status === status && (!details || !detailed || sameClose)
    if (!transition || !known) {
      transition = add<Transition>(transitions, { type: 'transition', status })
      detailed = false
    }
    detailed ||= !!details
    if (details) lastClose = close
    changed(Object.assign(transition, details))
  }

  function listen(event: string, listener: (value: never) => void): void {
    undo.push(target.on(event, listener))
  }

  const { send, sendJson } = target
  const owned = { send: Object.hasOwn(target, 'send'), sendJson: Object.hasOwn(target, 'sendJson') }
  /** Counts calls of `send`: a `sendJson` that calls it must not be recorded twice. */
  let sends = 0

  /** Calls `run` with options that also tell us the outcome. */
  function recordSend(
    data: Data,
    given: SendOptions | undefined,
    run: (given: SendOptions) => SendResult,
  ): SendResult {
    const frame = addFrame('out', data)
    const onOutcome: SendOptions['onOutcome'] = (outcome) => {
      frame.outcome = { ...outcome }
      if (recording) changed(frame)
      given?.onOutcome?.(outcome)
    }
    frame.result = run({ ...given, onOutcome })
    changed(frame)
    return frame.result
  }

  const ownSend: Recordable['send'] = (data, given) => {
    sends++
    // `send` throws for what is neither text nor bytes, and has nothing to record then.
    if (!recording || !isData(data)) return send.call(target, data, given)
    return recordSend(data, given, (chained) => send.call(target, data, chained))
  }

  const ownSendJson: Recordable['sendJson'] = (value, given) => {
    const before = sends
    const result = sendJson.call(target, value, given)
    if (!recording || sends > before) return result
    return recordSend(JSON.stringify(value), given, () => result)
  }

  add<Transition>(transitions, { type: 'transition', status: target.status })

  listen('message', ({ data }: MessageEvent) => {
    changed(addFrame('in', data))
  })
  listen('status', ({ status }: { status: RecordedStatus }) => move(status))
  listen('connecting', ({ attempt, url }: { attempt: number; url: string }) =>
    move('connecting', { attempt, url: withoutSecrets(url) }),
  )
  listen('open', ({ protocol }: { protocol: string }) => move('open', { protocol }))
  listen('waiting', ({ attempt, delay, close }: { attempt: number; delay: number; close: Closed }) =>
    move('waiting', { attempt, delay }, close),
  )
  listen('closed', (close: Closed) => move('closed', {}, close))
  listen('pulse', ({ rtt }: { rtt: number }) => changed(add<Pulse>(pulses, { type: 'pulse', rtt })))
  listen('drop', ({ data, why, reason = '' }: { data: Data; why: string; reason?: string }) => {
    totals.dropped++
    changed(add<Drop>(frames as Drop[], { type: 'drop', size: sizeOf(data), why, reason }))
  })
  for (const event of ['resumed', 'fresh'] as const) {
    try {
      listen(event, () => {
        const last = transitions.at(-1)
        if (last?.status !== 'open') return
        last.session = event
        changed(last)
      })
    } catch {
      // Only a session has these, and a socket throws for an event that it does not have.
    }
  }
  target.send = ownSend
  target.sendJson = ownSendJson

  return {
    socket: socket as unknown as Recorder['socket'],
    transitions,
    frames,
    pulses,
    totals,
    get entries() {
      return [...transitions, ...frames, ...pulses].sort((a, b) => a.id - b.id)
    },
    subscribe(listener) {
      // A wrapper, so that the same function can be subscribed twice and unsubscribed once.
      const own: Listener = (entry) => listener(entry)
      listeners.add(own)
      return () => listeners.delete(own)
    },
    frame(direction, data) {
      if (recording) changed(addFrame(direction, data, isControl(data) ? 'control' : kindOf(data)))
    },
    clear() {
      transitions.splice(0, transitions.length - 1)
      frames.length = pulses.length = kept = totals.dropped = 0
      totals.in = { frames: 0, bytes: 0 }
      totals.out = { frames: 0, bytes: 0 }
      changed(undefined)
    },
    stop() {
      if (!recording) return
      recording = false
      for (const unsubscribe of undo) unsubscribe()
      // Somebody else may have overridden them after us; then ours stay in between, and only pass on.
      // The last one first: V8 makes an object slow for good when another than its last property is deleted.
      if (target.sendJson === ownSendJson) restore('sendJson', sendJson)
      if (target.send === ownSend) restore('send', send)
    },
  }

  function restore<Name extends 'send' | 'sendJson'>(method: Name, original: Recordable[Name]): void {
    if (owned[method]) target[method] = original
    else Reflect.deleteProperty(target, method)
  }
}
