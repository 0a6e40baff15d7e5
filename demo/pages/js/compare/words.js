export const words = {
  polling: { name: 'Polling', about: 'asks again and again, whether the value has changed or not' },
  long: { name: 'Long polling', about: 'asks, and the server answers at the next change' },
  socket: { name: 'WebSocket', about: 'the server sends each change over one open connection' },
}

export const order = ['polling', 'long', 'socket']

/** Changes a second, and their names. */
export const rates = [
  [0.1, 'every 10 seconds'],
  [0.2, 'every 5 seconds'],
  [0.5, 'every 2 seconds'],
  [1, 'once a second'],
  [2, 'twice a second'],
  [5, '5 times a second'],
  [10, '10 times a second'],
  [20, '20 times a second'],
]

export function bytes(count) {
  if (count === undefined) return '–'
  if (count < 1_000) return `${Math.round(count)} B`
  if (count < 1_000_000) return `${(count / 1_000).toFixed(1)} kB`
  return `${(count / 1_000_000).toFixed(2)} MB`
}

export const milliseconds = (ms) =>
  ms === undefined ? '–' : `${ms < 10 && ms % 1 ? ms.toFixed(1) : Math.round(ms)} ms`
