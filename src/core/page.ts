import { monotonicNow } from './clock.ts'

/**
 * What the page tells about itself and the network.
 * - `offline`, `online`: of `navigator.onLine`, which proves little, but both are a reason to look
 * - `shown`, `hidden`: the tab
 * - `restored`: from bfcache; `resumed`: from being frozen. The browser may have closed the sockets meanwhile
 * - `slept`: the machine was asleep for certain; `jumped`: it was asleep, or somebody set the clock
 * - `leaving`: a navigation has begun; `stayed`: the page is still there, or is back
 */
export type PageSignal =
  | 'offline'
  | 'online'
  | 'shown'
  | 'hidden'
  | 'restored'
  | 'resumed'
  | 'slept'
  | 'jumped'
  | 'leaving'
  | 'stayed'

/** How often to look for a sleep, in ms. */
const LOOK = 10_000
/** A look that is this much too late means that the machine slept: hidden tabs get one timer a minute. In ms. */
const SLEEP = 60_000
/** How long after `beforeunload` a page that is still there counts as not left. In ms. */
const LEAVING = 5_000

/** All sockets of the page share its listeners and its timer, which exist while anybody observes. */
const observers = new Set<(signal: PageSignal) => void>()
let listeners: AbortController | undefined
/** How many of the observers want to know of a sleep of which no event tells. */
let sleepObservers = 0
let sleepTimer: ReturnType<typeof setInterval>
let leavingTimer: ReturnType<typeof setTimeout> | undefined
let lookedAt: number
let lookedAtDate: number

/** Whether a navigation away from the page has begun. */
export const isLeaving = (): boolean => leavingTimer !== undefined

/** Whether the page is in a hidden tab, where timers fire late. */
export const isHidden = (): boolean => globalThis.document?.visibilityState === 'hidden'

/** Whether the browser says that there is no network. `false` proves nothing. */
export const isOffline = (): boolean => globalThis.navigator?.onLine === false

function tell(signal: PageSignal): void {
  for (const observer of [...observers]) observer(signal)
}

function lookForSleep(): void {
  if (!sleepObservers) return
  const elapsed = monotonicNow() - lookedAt
  const elapsedByDate = Date.now() - lookedAtDate
  lookedAt = monotonicNow()
  lookedAtDate = Date.now()
  // Some systems stop the monotonic clock while they sleep: then a sleep looks as if the clock had been set.
  if (elapsed > LOOK + SLEEP) tell('slept')
  else if (elapsedByDate > LOOK + SLEEP) tell('jumped')
}

function leave(): void {
  clearTimeout(leavingTimer)
  leavingTimer = setTimeout(stay, LEAVING)
  tell('leaving')
}

function stay(): void {
  if (!isLeaving()) return
  clearTimeout(leavingTimer)
  leavingTimer = undefined
  tell('stayed')
}

function listen(): void {
  listeners = new AbortController()
  const { signal } = listeners
  const on = (target: EventTarget | undefined, type: string, run: (event: Event) => void) =>
    // React Native's `window` has no `addEventListener`; a worker has no `document`.
    target?.addEventListener?.(type, run, { signal })
  const then = (pageSignal: PageSignal) => () => {
    // A sleep shows before what woke the page.
    lookForSleep()
    tell(pageSignal)
  }
  on(globalThis, 'online', then('online'))
  on(globalThis, 'offline', then('offline'))
  on(globalThis, 'beforeunload', leave)
  on(globalThis, 'pagehide', leave)
  on(globalThis, 'pageshow', (event) => {
    // Chromium closes the sockets of a page in the bfcache, and tells the page only when it is shown again.
    if ((event as PageTransitionEvent).persisted) then('restored')()
    stay()
  })
  on(globalThis.document, 'visibilitychange', () => then(isHidden() ? 'hidden' : 'shown')())
  on(globalThis.document, 'resume', then('resumed'))
}

/**
 * Observes the page, where there is one. Returns a function that stops it.
 *
 * @param looksForSleep whether to look for a sleep of the machine by a timer too; one timer serves all observers
 */
export function observePage(observer: (signal: PageSignal) => void, looksForSleep: boolean): () => void {
  if (!observers.size) listen()
  observers.add(observer)
  if (looksForSleep && !sleepObservers++) {
    lookedAt = monotonicNow()
    lookedAtDate = Date.now()
    sleepTimer = setInterval(lookForSleep, LOOK)
    // In Node it must not keep the process alive.
    ;(sleepTimer as { unref?: () => void }).unref?.()
  }
  return () => {
    if (!observers.delete(observer)) return
    if (looksForSleep && !--sleepObservers) clearInterval(sleepTimer)
    if (observers.size) return
    listeners?.abort()
    clearTimeout(leavingTimer)
    leavingTimer = undefined
  }
}

/** Calls `found` when Content Security Policy blocks a connection to this URL. Returns a function that stops it. */
export function observeCspViolation(url: string, found: () => void): () => void {
  const target = (globalThis.document ?? globalThis) as EventTarget | undefined
  const violated = (event: Event) => {
    const { effectiveDirective, blockedURI } = event as SecurityPolicyViolationEvent
    // For another origin some browsers report the origin only.
    if (effectiveDirective === 'connect-src' && blockedURI && url.startsWith(blockedURI.replace(/\/$/, '')))
      found()
  }
  target?.addEventListener?.('securitypolicyviolation', violated)
  return () => target?.removeEventListener?.('securitypolicyviolation', violated)
}
