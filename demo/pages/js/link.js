/** A connection of one kind or the other. Who listens stays with it when it is changed. */
export function link(dial) {
  const listeners = []
  let undos = []
  let wire

  return {
    guaranteed: false,
    /** Changes to the other kind, or makes the first one. It has not been opened then. */
    use(guaranteed) {
      for (const undo of undos) undo()
      const before = wire
      this.guaranteed = guaranteed
      wire = dial(guaranteed)
      undos = listeners.map(([name, listener]) => wire.on(name, listener))
      before?.close(1000, 'changed')
    },
    on(name, listener) {
      listeners.push([name, listener])
      undos.push(wire.on(name, listener))
    },
    get status() {
      return wire.status
    },
    /** For what takes a `Socket`. */
    get wire() {
      return wire
    },
    open: () => wire.open(),
    close: (code, reason) => wire.close(code, reason),
    send: (data) => wire.send(data),
    sendJson: (value) => wire.sendJson(value),
    delivered: (data) => wire.delivered(data),
  }
}
