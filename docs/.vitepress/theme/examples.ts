import { request } from '../../../src/helpers/request.ts'
import { Socket } from '../../../src/index.ts'
import { Session } from '../../../src/session/client/index.ts'

/** Writes a line into the log of the example: a name, and a value if there is one. */
export type Write = (name: string, value?: unknown) => void

/** A socket to the demo's server, the calls that a reader can make on it, and what the log shows by itself. */
export interface Example {
  connect: (write: Write) => Socket
  /** Each button's text is the code that it runs. */
  actions: Record<string, (socket: Socket, write: Write) => unknown>
}

const url = (path: string) => new URL(path, location.href)

const opening: Example['actions'] = { 'open()': (socket) => socket.open() }
const closing: Example['actions'] = { 'close()': (socket) => socket.close() }

/** All events of a socket, and its methods. */
const events: Example = {
  connect: (write) => {
    const socket = new Socket(url('/echo'), { autoOpen: false })
    socket.on('*', write)
    return socket
  },
  actions: {
    ...opening,
    "send('hello')": (socket, write) => write('send', socket.send('hello')),
    'reconnect()': (socket) => socket.reconnect(),
    'suspend()': (socket) => socket.suspend(),
    ...closing,
  },
}

/** A heartbeat, and a server that stops answering without closing the connection. */
const heartbeat: Example = {
  connect: (write) => {
    const socket = new Socket(url('/live'), {
      autoOpen: false,
      heartbeat: { ping: 'ping', pong: 'pong', interval: 2_000, timeout: 2_000 },
    })
    socket.on('pulse', ({ rtt }) => write('pulse', { rtt: Math.round(rtt) }))
    socket.on('waiting', ({ close }) => write('waiting', { cause: close.cause, reason: close.reason }))
    socket.on('open', ({ reconnected }) => write('open', { reconnected }))
    return socket
  },
  actions: {
    ...opening,
    'make the server silent': (socket) => socket.send('{"type":"silence"}'),
    ...closing,
  },
}

let sent = 0
/** What is sent without a connection waits, in order, as far as the queue has room. */
const queue: Example = {
  connect: (write) => {
    const socket = new Socket(url('/live'), { autoOpen: false, queue: { messages: 3 } })
    socket.on('drop', ({ data, why }) => write('drop', { data, why }))
    socket.on('text', (text) => write('text', text))
    socket.on('open', () => write('open'))
    return socket
  },
  actions: {
    'send(next)': (socket, write) => {
      const data = `message ${++sent}`
      write('send', { data, result: socket.send(data), bufferedAmount: socket.bufferedAmount })
    },
    ...opening,
    'suspend()': (socket) => socket.suspend(),
  },
}

/** Requests settle: with the answer, after their timeout, or when the connection ends. */
const requests: Example = (() => {
  const ask = async (socket: Socket, write: Write, method: string, options: object) => {
    try {
      write('result', await request(socket, { method }, options))
    } catch (error) {
      const { name, message } = error as Error
      write('rejected', `${name}: ${message}`)
    }
  }
  const cutDuring = (socket: Socket, write: Write, resend: boolean) => {
    const answer = ask(socket, write, 'slow', { resend })
    socket.send('{"type":"drop"}')
    return answer
  }
  return {
    connect: (write) => {
      const socket = new Socket(url('/live'), { autoOpen: false, reconnect: { base: 500 } })
      socket.on('status', ({ status }) => write('status', status))
      return socket
    },
    actions: {
      ...opening,
      "request('time')": (socket, write) => ask(socket, write, 'time', {}),
      'a slow one, timeout: 1_000': (socket, write) => ask(socket, write, 'slow', { timeout: 1_000 }),
      'cut it while it waits': (socket, write) => cutDuring(socket, write, false),
      'the same with resend: true': (socket, write) => cutDuring(socket, write, true),
      ...closing,
    },
  }
})()

/** A topic of a session: what was published while the page was away arrives when it is back. */
const topic: Example = {
  connect: (write) => {
    const session = new Session<{ n: number }>(url('/counter'), { autoOpen: false })
    session.on('json', ({ n }) => write('json', { n }))
    session.on('waiting', ({ delay }) => write('waiting', { delay: Math.round(delay) }))
    session.on('resumed', (value) => write('resumed', value))
    session.on('topic', ({ type }) => write('topic', { type }))
    return session as unknown as Socket
  },
  actions: {
    ...opening,
    'cut the connection': (socket) => socket.send('{"type":"drop"}'),
    'suspend()': (socket) => socket.suspend(),
    ...closing,
  },
}

export const examples = { events, heartbeat, queue, requests, topic }
