/**
 * A WebSocket class that tells of every frame and every end: the frames as they are on the wire, pings and pongs of the
 * heartbeat included. It shows what the `WebSocket` option is for.
 */
export function tapped(tell) {
  let lines = 0

  return class extends WebSocket {
    #line = ++lines

    constructor(url, protocols) {
      super(url, protocols)
      this.#tell('event', 'dial', `#${this.#line} ${url}`)
      this.addEventListener('open', () => this.#tell('event', 'open', `#${this.#line} ${this.protocol}`))
      this.addEventListener('message', ({ data }) => this.#tell('in', 'frame', data))
      // An abandoned line ends long after it was given up, when the browser notices too: the number tells them apart.
      this.addEventListener('close', ({ code, reason }) =>
        this.#tell('event', 'close', `#${this.#line} ${code} ${reason}`),
      )
    }

    send(data) {
      this.#tell('out', 'frame', data)
      super.send(data)
    }

    #tell(way, kind, data) {
      tell({ way, kind, data, at: new Date() })
    }
  }
}
