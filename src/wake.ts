/** What the page can tell about the line: the network went, came, or the page was away and is back. */
export type Sign = 'offline' | 'online' | 'wake'

/**
 * Listens to the page until `until` aborts, where there is one: not in Node, nor is there a `document` in a worker.
 * `online` proves nothing, and `offline` little, but both are a reason to ask the peer.
 */
export function watch(tell: (sign: Sign) => void, until: AbortSignal): void {
  const listen = (
    target: EventTarget | undefined,
    type: string,
    sign: Sign,
    when?: (event: Event) => boolean,
  ) => target?.addEventListener?.(type, (event) => (!when || when(event)) && tell(sign), { signal: until })
  listen(globalThis, 'online', 'online')
  listen(globalThis, 'offline', 'offline')
  // Chromium closes the sockets of a page in the bfcache, and tells the page only when it is shown again.
  listen(globalThis, 'pageshow', 'wake', (event) => (event as PageTransitionEvent).persisted)
  listen(globalThis.document, 'visibilitychange', 'wake', () => document.visibilityState === 'visible')
  listen(globalThis.document, 'resume', 'wake')
}
