/**
 * A stand-in for `window` or `document` in Node. It removes listeners itself when their signal aborts: Node 20 keeps
 * only the last of several such listeners of one target from the garbage collector, and then forgets to.
 */
export class Target extends EventTarget {
  /** How many listeners are registered. */
  count = 0

  override addEventListener(...args: Parameters<EventTarget['addEventListener']>) {
    const [type, listener, options] = args
    this.count++
    super.addEventListener(type, listener)
    if (typeof options === 'object')
      options?.signal?.addEventListener('abort', () => this.removeEventListener(type, listener))
  }

  override removeEventListener(...args: Parameters<EventTarget['removeEventListener']>) {
    this.count--
    super.removeEventListener(...args)
  }
}
