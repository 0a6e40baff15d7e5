import { Socket } from '/holdfast/index.js'

/** After a failed request, before the next, in ms. */
const PAUSE = 1_000

const after = (ms, signal) =>
  new Promise((resolve) => {
    const timer = setTimeout(resolve, ms)
    signal.addEventListener('abort', () => {
      clearTimeout(timer)
      resolve()
    })
  })

async function ask(path, signal) {
  const response = await fetch(path, { signal, cache: 'no-store' })
  if (!response.ok) throw new Error(`${response.status}`)
  return response.json()
}

/** Asks, and asks again as `pause` says, until aborted. */
async function repeat(signal, request, pause) {
  while (!signal.aborted) {
    const start = performance.now()
    const failed = await request().catch(() => true)
    await after(failed === true ? PAUSE : Math.max(0, pause() - (performance.now() - start)), signal)
  }
}

/** Each way follows the value of a run and calls `seen` with every answer, until `signal` is aborted. */
export const ways = {
  polling: ({ run, interval, seen, signal }) =>
    repeat(signal, async () => seen(await ask(`/compare/poll?run=${run}`, signal)), interval),

  long: ({ run, seen, signal }) => {
    let last = -1
    const request = async () => {
      const change = await ask(`/compare/long?run=${run}&after=${last}`, signal)
      last = change.n
      seen(change)
    }
    return repeat(signal, request, () => 0)
  },

  socket: ({ run, host, seen, signal }) => {
    const socket = new Socket(`${host}/compare/socket?run=${run}`, { signal })
    socket.on('json', seen)
  },
}
