import { Socket } from '../../src/index.ts'

/** A native socket that does nothing, so that what is allocated is ours. */
class Native {
  readyState = 0
  bufferedAmount = 0
  protocol = ''
  binaryType = 'blob'
  onopen: (() => void) | undefined
  onmessage: ((event: { data: string }) => void) | undefined
  sent = 0

  constructor() {
    setTimeout(() => {
      this.readyState = 1
      this.onopen?.()
    })
    native = this
  }

  send() {
    this.sent++
  }

  close() {}
}

let native: Native | undefined

const WARM_UP = 300_000
const COUNT = 2_000_000

/** Bytes that a run leaves on the heap per turn, in a Node whose young generation is too large to be collected. */
function bytes(run: (count: number) => void): number {
  run(WARM_UP)
  globalThis.gc?.()
  const before = process.memoryUsage().heapUsed
  run(COUNT)
  return Math.round((process.memoryUsage().heapUsed - before) / COUNT)
}

const socket = new Socket('ws://127.0.0.1/', { WebSocket: Native as unknown as typeof WebSocket })
await socket.opened()
let heard = 0
socket.on('text', () => {
  heard++
})

const beating = new Socket('ws://127.0.0.1/', {
  WebSocket: Native as unknown as typeof WebSocket,
  heartbeat: { ping: 'ping', pong: 'pong' },
})
const plain = native
await beating.opened()
const watched = native
beating.on('text', () => {
  heard++
})

const event = { data: 'The same event each time: what it is made of is not ours.' }
const figures = {
  received: bytes((count) => {
    for (let i = 0; i < count; i++) plain?.onmessage?.(event)
  }),
  watched: bytes((count) => {
    for (let i = 0; i < count; i++) watched?.onmessage?.(event)
  }),
  sent: bytes((count) => {
    for (let i = 0; i < count; i++) socket.send('text')
  }),
  object: bytes((count) => {
    let kept = {}
    for (let i = 0; i < count; i++) kept = { at: heard, i, kept: kept === event }
    heard += Object.keys(kept).length
  }),
}
if (heard < COUNT || (plain?.sent ?? 0) < COUNT) throw new Error('The messages did not pass')
socket.close()
beating.close()
console.log(JSON.stringify(figures))
