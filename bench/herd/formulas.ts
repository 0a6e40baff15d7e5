import { ReconnectingWebSocket as Rews } from '@nktkas/rews'
import PartySocket from 'partysocket/ws'
import ReconnectingWebSocket from 'reconnecting-websocket'
import RobustWebSocket from 'robust-websocket'
import { Manager } from 'socket.io-client'
import { ExponentialBackoff } from 'websocket-ts'
import { type BackoffLimits as Backoff, backoff } from '../../src/core/policy/backoff.ts'
import { defaultReconnect } from '../../src/core/resolve-options.ts'

/** How long one client waits after its failure number `attempt`, from 0, in ms. `null`: it gives up. */
export type Wait = (attempt: number) => number | null

/** Makes one client's formula: some draw their random number once. */
export type Formula = () => Wait

/** What the installed library itself computes, with its own defaults: its method, on as much of an object as it reads. */
type Delays = { prototype: { _getNextDelay(this: object): number } }
const asked =
  (library: unknown, options: () => object): Formula =>
  () => {
    const { _getNextDelay } = (library as Delays).prototype
    const client = { _options: options(), _retryCount: 0, _debug() {} }
    return (attempt) => {
      // It counts the connection that was, so that the first retry is its number 1.
      client._retryCount = attempt + 1
      return _getNextDelay.call(client)
    }
  }

const rews = new Rews(() => new Promise<string>(() => {}))
const manager = new Manager('ws://127.0.0.1', { autoConnect: false })

/** Ours with these numbers instead of the defaults. */
export const ours =
  (limits: Backoff): Formula =>
  () =>
  (attempt) =>
    backoff(limits, attempt, Math.random())

export const formulas: Record<string, Formula> = {
  holdfast: ours(defaultReconnect),
  // The constant in its only timer.
  sockette: () => () => 1_000,
  // Its default is drawn once per page: 1 to 5 s.
  'reconnecting-websocket': asked(ReconnectingWebSocket, () => ({
    minReconnectionDelay: 1_000 + Math.random() * 4_000,
  })),
  // It has no default: the parameters of the example of its documentation.
  'websocket-ts': () => {
    const series = new ExponentialBackoff(1_000, 6)
    return () => series.next()
  },
  '@nktkas/rews': () => (attempt) => {
    const { reconnectionDelay } = rews.reconnectOptions
    return typeof reconnectionDelay === 'function' ? reconnectionDelay(attempt) : reconnectionDelay
  },
  partysocket: asked(PartySocket, () => ({})),
  'socket.io': () => (attempt) => {
    manager.backoff.attempts = attempt
    return manager.backoff.duration()
  },
  // It gives up when its list of waits is at its end.
  'robust-websocket': () => (attempts) =>
    RobustWebSocket.defaultOptions.shouldReconnect({ code: 1006 }, { attempts }) ?? null,
}
