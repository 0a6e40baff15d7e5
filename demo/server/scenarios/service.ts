import { cutWhenIdle, type IdleTimes } from '../idle.ts'
import { BadInput } from '../input.ts'
import type { Scenario } from '../scenario.ts'

const most = 3_600

/** Scenario 3, a LaravelS service: a welcome, an answer with the date, and a cut for idle clients. */
export function service(defaults: IdleTimes): Scenario {
  return {
    // Swoole sends no ping frames either, and the pongs would keep idle clients connected.
    pings: false,
    refuse: ({ url }) =>
      seconds(url, 'idle', defaults.idle) === null || seconds(url, 'check', defaults.check) === null
        ? `idle and check are seconds, from 0.1 to ${most}.`
        : undefined,
    join: (connection) => {
      const idle = seconds(connection.url, 'idle', defaults.idle) ?? defaults.idle
      const check = seconds(connection.url, 'check', defaults.check) ?? defaults.check
      const left = cutWhenIdle(connection, { idle, check })
      connection.send('Welcome to LaravelS')
      return {
        left,
        text: (text) =>
          connection.send(text === 'ping' ? 'pong' : `Received: ${text}, ${new Date().toISOString()}`),
        binary: () => {
          throw new BadInput('This path takes text only.')
        },
      }
    },
  }
}

/** Reads a number of seconds from the URL; `null` if it is not valid. */
function seconds(url: URL, name: string, otherwise: number): number | null {
  const value = url.searchParams.get(name)
  if (value === null) return otherwise
  const number = /^\d+(\.\d+)?$/.test(value) ? Number(value) : 0
  return number >= 0.1 && number <= most ? number : null
}
