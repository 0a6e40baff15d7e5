import { Socket, type SocketLike } from '../../src/index.ts'
import { connectTab } from '../../src/tabs/index.ts'

/** One page of the benchmark: it counts what it receives. */
let received = 0
let socket: SocketLike | undefined
Object.assign(globalThis, {
  bench: {
    start(shared: boolean, url: string) {
      const plain = () => new Socket(url)
      socket = shared
        ? connectTab(() => new SharedWorker(`/worker.js?${encodeURIComponent(url)}`), { fallback: plain })
        : plain()
      socket.on('text', () => received++)
    },
    status: () => socket?.status,
    received: () => received,
  },
})
