/** Events that a plain socket does not have. */
const sessionEvents = new Set(['resumed', 'fresh', 'topic'])

/** A connection that can be replaced by one of the other kind. Listeners stay with it. */
export function switchableConnection(connect) {
  const listeners = []
  let undos = []
  let socket

  return {
    guaranteed: false,
    /** Replaces the connection, or makes the first one. It is not opened. */
    use(guaranteed) {
      for (const undo of undos) undo()
      const before = socket
      this.guaranteed = guaranteed
      socket = connect(guaranteed)
      undos = listeners.map(([name, listener]) => this.subscribe(name, listener))
      before?.close(1000, 'changed')
    },
    subscribe(name, listener) {
      const exists = this.guaranteed || !sessionEvents.has(name)
      return exists ? socket.on(name, listener) : () => {}
    },
    on(name, listener) {
      listeners.push([name, listener])
      undos.push(this.subscribe(name, listener))
    },
    get status() {
      return socket?.status ?? 'idle'
    },
    /** The `Socket` or `Session` of now. */
    get socket() {
      return socket
    },
    open: () => socket.open(),
    close: (code, reason) => socket.close(code, reason),
    send: (data) => socket.send(data),
    sendJson: (value) => socket.sendJson(value),
    delivered: (data) => socket.delivered(data),
  }
}
