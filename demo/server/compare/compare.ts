import { randomUUID } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { BadInput, readField, readObject } from '../input.ts'
import type { Scenario } from '../scenario.ts'
import { bytesSince } from './bytes.ts'
import { clock, Run, rates, type Way } from './run.ts'

/** How long a long poll is held open, in ms: proxies cut at 60 s. */
const HELD = 25_000
/** How often the figures are sent to the visitor, in ms. */
const INTERVAL = 500
/** How many long polls one visitor may hold open. */
const HELD_AT_ONCE = 4

const paths = new Map<string, Way>([
  ['/compare/poll', 'polling'],
  ['/compare/long', 'long'],
])

/** An answer as `http.ts` sends it. */
interface Answer {
  status: number
  type: string
  body: string
}

/** The same value over polling, long polling and WebSocket, and what each of them costs. */
export class Compare {
  readonly #runs = new Map<string, Run>()
  readonly #held: number

  constructor({ held = HELD }: { held?: number } = {}) {
    this.#held = held
  }

  /** Answers the requests of the two ways that are plain HTTP; nothing for all other paths. */
  async answer(request: IncomingMessage, response: ServerResponse, url: URL): Promise<Answer | undefined> {
    const way = paths.get(url.pathname)
    if (!way) {
      // The bytes of other requests on the same connection are not counted.
      response.once('close', () => bytesSince(request.socket))
      return undefined
    }
    const run = this.#find(url)
    if (!run) return json(404, { error: 'There is no such run: open a WebSocket to /compare/run first.' })
    response.once('close', () => run.count(way, request.socket, 1))
    if (way === 'polling') return json(200, run.change)
    if (run.waiting > HELD_AT_ONCE) return json(429, { error: 'Too many requests are held open.' })
    if (Number(url.searchParams.get('after')) >= run.change.n) await this.#change(run, response)
    return json(200, run.change)
  }

  /** `/compare/run`: a run lives as long as this connection. The client sends `{"rate"}` and receives the figures. */
  control(): Scenario {
    return {
      limit: 1_000,
      join: (connection) => {
        const run = new Run(randomUUID(), 1)
        this.#runs.set(run.id, run)
        connection.sendJson({ type: 'run', id: run.id })
        const timer = setInterval(
          () => connection.sendJson({ type: 'tally', n: run.change.n, tallies: run.tallies }),
          INTERVAL,
        )
        return {
          text: (text) => {
            const order = readObject(text)
            const rate = readField(order, 'rate')
            if (typeof rate === 'number' && rate >= rates.least && rate <= rates.most)
              return run.setRate(rate)
            const asked = readField(order, 'clock')
            if (typeof asked === 'number') return connection.sendJson({ type: 'clock', asked, at: clock() })
            throw new BadInput(`The rate must be a number from ${rates.least} to ${rates.most}.`)
          },
          left: () => {
            clearInterval(timer)
            this.#runs.delete(run.id)
            run.end()
          },
        }
      },
    }
  }

  /** `/compare/socket`: every change, as it happens. */
  socket(): Scenario {
    return {
      limit: 1_000,
      refuse: ({ url }) => (this.#find(url) ? undefined : 'There is no such run.'),
      join: (connection) => {
        const run = this.#find(connection.url)
        if (!run) throw new BadInput('There is no such run.')
        const { socket } = connection.request
        const tell = () => {
          connection.sendJson(run.change)
          run.count('socket', socket, 0)
        }
        run.tallies.socket.requests++
        const off = run.onNextChange(tell)
        tell()
        return {
          left: () => {
            off()
            run.count('socket', socket, 0)
          },
        }
      },
    }
  }

  #find(url: URL): Run | undefined {
    return this.#runs.get(url.searchParams.get('run') ?? '')
  }

  /** Until the next change, or the client is gone, or it has been held long enough. */
  #change(run: Run, response: ServerResponse): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer)
        off()
        resolve()
      }
      const timer = setTimeout(done, this.#held)
      const off = run.onNextChange(done)
      response.once('close', done)
    })
  }
}

function json(status: number, value: unknown): Answer {
  return { status, type: 'application/json; charset=utf-8', body: JSON.stringify(value) }
}
