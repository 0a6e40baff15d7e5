import { type Dial, FakeWebSocket } from './fake-websocket.ts'
import { schedule } from './schedule.ts'

/** A fake server, as the installed `WebSocket` uses it. */
export interface Endpoint {
  matches(url: URL): boolean
  dial: Dial
  /** A socket was constructed for which there is no server. */
  missed(url: URL): void
}

/** The server that was installed last comes first. */
const installed: Endpoint[] = []
let original: PropertyDescriptor | undefined

/** Fails as a host does that has no server on this port. */
export const refuse: Dial = (_socket, _url, _protocols, client) => {
  const fail = () => client.ended({ code: 1006, reason: '' }, false, true)
  let cancel = schedule(0, fail)
  return {
    backlog: 0,
    send() {},
    close() {
      cancel()
      cancel = schedule(0, fail)
    },
  }
}

const route: Dial = (socket, url, protocols, client) => {
  const endpoint = installed.find(({ matches }) => matches(url))
  if (endpoint) return endpoint.dial(socket, url, protocols, client)
  for (const { missed } of installed) missed(url)
  return refuse(socket, url, protocols, client)
}

class InstalledWebSocket extends FakeWebSocket {
  constructor(url: string | URL, protocols?: string | string[]) {
    super(route, url, protocols)
  }
}
Object.defineProperty(InstalledWebSocket, 'name', { value: 'WebSocket' })

export function install(endpoint: Endpoint): void {
  if (installed.length === 0) {
    original = Object.getOwnPropertyDescriptor(globalThis, 'WebSocket')
    Object.defineProperty(globalThis, 'WebSocket', {
      value: InstalledWebSocket,
      writable: true,
      configurable: true,
      enumerable: original?.enumerable ?? false,
    })
  }
  installed.unshift(endpoint)
}

export function uninstall(endpoint: Endpoint): void {
  const index = installed.indexOf(endpoint)
  if (index < 0) return
  installed.splice(index, 1)
  if (installed.length > 0) return
  // Somebody else's replacement stays.
  if ((globalThis.WebSocket as unknown) !== InstalledWebSocket) return
  if (original) Object.defineProperty(globalThis, 'WebSocket', original)
  else Reflect.deleteProperty(globalThis, 'WebSocket')
}
