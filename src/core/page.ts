/** What the page can tell about the line: the network went or came, the page was away and is back, or slept for long. */
export type PageSignal = 'offline' | 'online' | 'wake' | 'slept'

/** How often to look for a sleep, in ms. */
const LOOK = 10_000
/** A look this much too late means that the machine slept: hidden tabs are held to one timer a minute. */
const SLEEP = 60_000

/** All sockets share the listeners and the timer, which are there while anybody wants them. */
const hearers = new Set<(sign: PageSignal) => void>()
let page: AbortController
let sleepers = 0
let timer: ReturnType<typeof setInterval>
let looked: number

function tell(sign?: PageSignal): void {
  const slept = sleepers && Date.now() - looked > LOOK + SLEEP
  looked = Date.now()
  for (const hear of [...hearers]) {
    if (slept) hear('slept')
    if (sign) hear(sign)
  }
}

function listen(): void {
  page = new AbortController()
  const { signal } = page
  const on = (
    target: EventTarget | undefined,
    type: string,
    sign: PageSignal,
    when?: (event: Event) => boolean,
  ) => target?.addEventListener?.(type, (event) => (!when || when(event)) && tell(sign), { signal })
  on(globalThis, 'online', 'online')
  on(globalThis, 'offline', 'offline')
  // Chromium closes the sockets of a page in the bfcache, and tells the page only when it is shown again.
  on(globalThis, 'pageshow', 'wake', (event) => (event as PageTransitionEvent).persisted)
  on(globalThis.document, 'visibilitychange', 'wake', () => document.visibilityState === 'visible')
  on(globalThis.document, 'resume', 'wake')
}

/**
 * Listens to the page, where there is one: not in Node, nor is there a `document` in a worker. `asks`: it has a heartbeat,
 * and no need to be told of a sleep. Answers with its undo.
 *
 * `online` proves nothing, and `offline` little, but both are a reason to ask the peer.
 */
export function observePage(hear: (sign: PageSignal) => void, asks: boolean): () => void {
  if (!hearers.size) listen()
  hearers.add(hear)
  if (!asks && !sleepers++) {
    looked = Date.now()
    timer = setInterval(() => tell(), LOOK)
  }
  return () => {
    if (!hearers.delete(hear)) return
    if (!asks && !--sleepers) clearInterval(timer)
    if (!hearers.size) page.abort()
  }
}
