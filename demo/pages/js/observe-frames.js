/** Returns a `WebSocket` class that calls `onFrame('in' | 'out', data)` for each frame. It shows what the option `WebSocket` is for. */
export function observeFrames(onFrame) {
  return class extends WebSocket {
    constructor(url, protocols) {
      super(url, protocols)
      this.addEventListener('message', ({ data }) => onFrame('in', data))
    }

    send(data) {
      onFrame('out', data)
      super.send(data)
    }
  }
}
