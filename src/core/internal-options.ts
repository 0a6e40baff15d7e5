import type { Emitter } from './emitter.ts'
import type { Closed, Data, Events, Outcome, SendResult, Status } from './events.ts'
import type { ConnectionProtocol } from './protocol.ts'
import type { ResolvedOptions } from './resolve-options.ts'

/**
 * Options of `Socket` for the other entry points of this library only. Their keys are registered symbols, so that the UMD
 * files of the session and the tabs work with the core that another script tag has loaded.
 */
export interface InternalOptions {
  /** A protocol that runs on every connection: a `Session` is a `Socket` with this option. */
  [PROTOCOL]?: ConnectionProtocol
  /** Replaces the lifecycle: `connectTab` returns a `Socket` without a connection of its own. It is not opened by the constructor. */
  [LIFECYCLE]?: (options: ResolvedOptions, emitter: Emitter<Events>) => SocketLifecycle
}

export const PROTOCOL: unique symbol = Symbol.for('holdfast.protocol')
export const LIFECYCLE: unique symbol = Symbol.for('holdfast.lifecycle')

/** What the methods of `Socket` call, once they have checked their arguments. */
export interface SocketLifecycle {
  readonly options: Pick<ResolvedOptions, 'stringify' | 'binaryType'>
  readonly emitter: Emitter<Events>
  readonly status: Status
  readonly closed: Closed | undefined
  /** The URL dialled last. */
  readonly url: string
  /** The subprotocol that the server selected. */
  readonly protocol: string
  /** How many attempts in a row failed. */
  readonly failures: number
  readonly bufferedAmount: number
  open(): void
  check(): void
  suspend(): void
  close(close: Closed): void
  reconnect(options: { dropQueue: boolean; overlap: boolean }): void
  send(data: Data, onOutcome?: (outcome: Outcome) => void): SendResult
  setBinaryType(type: BinaryType): void
}
