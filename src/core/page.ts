import { monotonicNow } from './clock.ts'

/**
 * Events of the page and the network.
 * - `offline`, `online`: of `navigator.onLine`, which proves little, but both are a reason to check the connection
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

/** Receives the signals. An object, because a closure for each socket would take several times the memory. */
export interface PageObserver {
  onPageSignal(signal: PageSignal): void
}

/** How often to check whether the machine was asleep, in ms. */
const SLEEP_CHECK = 10_000
/** A check that runs this much too late means that the machine was asleep: hidden tabs get one timer a minute. In ms. */
const SLEEP = 60_000
/** If the page is still there this long after `beforeunload`, the navigation did not take place. In ms. */
const LEAVING = 5_000

/**
 * The observers, and whether each needs the timer that detects a sleep. All share one set of listeners and one timer, which
 * exist while there is an observer.
 */
const observers = new Map<PageObserver, boolean>()
let stopListening: (() => void) | undefined
/** How many of the observers need the timer. */
let sleepObservers = 0
let sleepTimer: ReturnType<typeof setInterval>
let leavingTimer: ReturnType<typeof setTimeout> | undefined
let checkedAt: number
let checkedAtDate: number

/** Whether a navigation away from the page has begun. */
export const isLeaving = (): boolean => leavingTimer !== undefined

/** Whether the page is in a hidden tab, where timers fire late. */
export const isHidden = (): boolean => globalThis.document?.visibilityState === 'hidden'

/** Whether the browser says that there is no network. `false` proves nothing. */
export const isOffline = (): boolean => globalThis.navigator?.onLine === false

function notify(signal: PageSignal): void {
  // One of them may remove another one.
  for (const observer of [...observers.keys()]) if (observers.has(observer)) observer.onPageSignal(signal)
}

function checkForSleep(): void {
  if (!sleepObservers) return
  const elapsed = monotonicNow() - checkedAt
  const elapsedByDate = Date.now() - checkedAtDate
  checkedAt = monotonicNow()
  checkedAtDate = Date.now()
  // Some systems stop the monotonic clock while they sleep: then a sleep looks as if the clock had been set.
  if (elapsed > SLEEP_CHECK + SLEEP) notify('slept')
  else if (elapsedByDate > SLEEP_CHECK + SLEEP) notify('jumped')
}

function leave(): void {
  clearTimeout(leavingTimer)
  leavingTimer = setTimeout(stay, LEAVING)
  notify('leaving')
}

function stay(): void {
  if (!isLeaving()) return
  clearTimeout(leavingTimer)
  leavingTimer = undefined
  notify('stayed')
}

/** Adds the listeners. Returns a function that removes them. */
function listen(): () => void {
  const forward = (pageSignal: PageSignal) => () => {
    // A sleep is reported before the signal that came after it.
    checkForSleep()
    notify(pageSignal)
  }
  const document = globalThis.document as Document | undefined
  const listeners: [EventTarget | undefined, string, (event: Event) => void][] = [
    [globalThis, 'online', forward('online')],
    [globalThis, 'offline', forward('offline')],
    [globalThis, 'beforeunload', leave],
    [globalThis, 'pagehide', leave],
    [globalThis, 'pageshow', shown],
    [document, 'visibilitychange', () => forward(isHidden() ? 'hidden' : 'shown')()],
    [document, 'resume', forward('resumed')],
  ]
  // React Native's `window` has no `addEventListener`; a worker has no `document`.
  for (const [target, type, run] of listeners) target?.addEventListener?.(type, run)
  return () => {
    for (const [target, type, run] of listeners) target?.removeEventListener?.(type, run)
  }

  function shown(event: Event): void {
    // Chromium closes the sockets of a page in the bfcache, and fires their events only when it is shown again.
    if ((event as PageTransitionEvent).persisted) forward('restored')()
    stay()
  }
}

/**
 * Observes the page, where there is one, until `stopObservingPage`.
 *
 * @param detectsSleep whether to detect a sleep of the machine with a timer too; one timer serves all observers
 */
export function observePage(observer: PageObserver, detectsSleep: boolean): void {
  stopObservingPage(observer)
  if (!observers.size) stopListening = listen()
  observers.set(observer, detectsSleep)
  if (detectsSleep && !sleepObservers++) {
    checkedAt = monotonicNow()
    checkedAtDate = Date.now()
    sleepTimer = setInterval(checkForSleep, SLEEP_CHECK)
    // In Node it must not keep the process alive.
    ;(sleepTimer as { unref?: () => void }).unref?.()
  }
}

/** Does nothing for an observer that does not observe the page. */
export function stopObservingPage(observer: PageObserver): void {
  const detectsSleep = observers.get(observer)
  if (!observers.delete(observer)) return
  if (detectsSleep && !--sleepObservers) clearInterval(sleepTimer)
  if (observers.size) return
  stopListening?.()
  clearTimeout(leavingTimer)
  leavingTimer = undefined
}

/** Calls `found` when Content Security Policy blocks a connection to this absolute URL. Returns a function that stops it. */
export function observeCspViolation(url: string, found: () => void): () => void {
  const target = (globalThis.document ?? globalThis) as EventTarget | undefined
  const violated = (event: Event) => {
    const { effectiveDirective, blockedURI } = event as SecurityPolicyViolationEvent
    const { href, origin } = new URL(url)
    // For another origin some browsers report the origin only.
    const isThisUrl = blockedURI === href || blockedURI.replace(/\/$/, '') === origin
    if (effectiveDirective === 'connect-src' && isThisUrl) found()
  }
  target?.addEventListener?.('securitypolicyviolation', violated)
  return () => target?.removeEventListener?.('securitypolicyviolation', violated)
}
