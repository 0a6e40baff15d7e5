import type { SocketLike } from '../index.ts'
import { announcement } from './describe-status.ts'
import { make, setText, toggle, unseen, type View } from './dom.ts'
import type { RecordOptions } from './entries.ts'
import { framesView } from './frames-view.ts'
import { profile } from './profile.ts'
import { type Recorder, record, requireSocket, resolveRecordOptions } from './recorder.ts'
import { roundTripsView } from './round-trips-view.ts'
import { statusView, summaryView } from './status-view.ts'
import { applyStyles } from './styles.ts'
import { timeline } from './timeline.ts'
import { timelineView } from './timeline-view.ts'

type AnySocket = SocketLike<unknown, never>

/**
 * `<holdfast-inspector>`: shows the status, the connections and outages, the round trips and the frames of a socket.
 *
 * Attributes: `view` (`all`, `summary`, `timeline`, `frames`), `theme` (`light`, `dark`), `payload` (`off`, `cut`, `on`),
 * `docked`, `heading-level` (2 to 6), `label`, `quiet`.
 */
export interface HoldfastInspector extends HTMLElement {
  /** How `socket` is recorded. Set it before `socket`. Throws as `record` does. */
  options: RecordOptions
  /** The socket to record and show. Its recorder is stopped when the element leaves the page. */
  socket: AnySocket | undefined
  /** A recorder to show. It is never stopped by the element. */
  recorder: Recorder | undefined
}

declare global {
  interface HTMLElementTagNameMap {
    'holdfast-inspector': HoldfastInspector
  }
}

const NAME = 'holdfast-inspector'

/** At most one update in this many ms, however many frames come. */
const PACE = 100

/** Defines `<holdfast-inspector>`. Calling it again changes nothing. */
export function defineInspector(): void {
  if (!customElements.get(NAME)) customElements.define(NAME, inspectorClass())
}

/**
 * Appends a panel for `socket` at the lower right corner of the page. Remove it with `element.remove()`.
 *
 * @throws {TypeError | RangeError} as `record` does
 */
export function inspect<In, Out>(
  socket: SocketLike<In, Out>,
  options: RecordOptions = {},
): HoldfastInspector {
  defineInspector()
  const element = document.createElement(NAME)
  element.toggleAttribute('docked', true)
  element.options = options
  element.socket = socket
  document.body.append(element)
  return element
}

/** A function, so that importing this module needs no DOM. */
function inspectorClass(): CustomElementConstructor {
  return class Inspector extends HTMLElement implements HoldfastInspector {
    static readonly observedAttributes = ['view', 'heading-level', 'label', 'docked', 'quiet', 'payload']

    #options: RecordOptions = {}
    readonly #shadow = this.attachShadow({ mode: 'open' })
    #socket: AnySocket | undefined
    #recorder: Recorder | undefined
    /** Whether the recorder is ours to stop. */
    #own = false
    #views: View[] = []
    #announced = make('p', { role: 'status', class: 'unseen' })
    /** The id of the period that was announced last. */
    #announcedId = 0
    #undo: (() => void)[] = []
    #timer: ReturnType<typeof setTimeout> | undefined

    get options(): RecordOptions {
      return this.#options
    }

    set options(options: RecordOptions) {
      // Checked here: an error in `connectedCallback` would not reach the caller.
      resolveRecordOptions(options)
      this.#options = options
    }

    get socket(): AnySocket | undefined {
      return this.#socket ?? this.#recorder?.socket
    }

    set socket(socket: AnySocket | undefined) {
      if (socket) requireSocket(socket)
      if (socket === this.#socket && (socket || !this.#recorder)) return
      this.#release()
      this.#socket = socket
      this.#start()
    }

    get recorder(): Recorder | undefined {
      return this.#recorder
    }

    set recorder(recorder: Recorder | undefined) {
      if (recorder === this.#recorder) return
      this.#release()
      this.#recorder = recorder
      this.#start()
    }

    connectedCallback(): void {
      applyStyles(this.#shadow, this.nonce)
      // Properties that were set before the element was defined hide the accessors.
      for (const name of ['options', 'socket', 'recorder'] as const) {
        if (!Object.hasOwn(this, name)) continue
        const value = this[name]
        Reflect.deleteProperty(this, name)
        Object.assign(this, { [name]: value })
      }
      if (!this.#undo.length) this.#start()
    }

    disconnectedCallback(): void {
      // An element that is moved within the page is disconnected and connected again at once.
      queueMicrotask(() => {
        if (!this.isConnected) this.#stop()
      })
    }

    attributeChangedCallback(name: string, before: string | null, after: string | null): void {
      if (!this.isConnected || before === after) return
      if (name === 'payload' && this.#own) this.#release(true)
      this.#start()
    }

    /** Forgets the recorder; one that is ours is stopped. */
    #release(keepSocket = false): void {
      this.#stop()
      this.#recorder = undefined
      if (!keepSocket) this.#socket = undefined
    }

    #stop(): void {
      for (const undo of this.#undo.splice(0)) undo()
      clearTimeout(this.#timer)
      this.#timer = undefined
      if (!this.#own) return
      this.#recorder?.stop()
      this.#recorder = undefined
      this.#own = false
    }

    /** Builds the panel and follows the recorder, while the element is in a page. */
    #start(): void {
      if (!this.isConnected) return
      for (const undo of this.#undo.splice(0)) undo()
      if (this.#socket && !this.#recorder) {
        const options = this.#options
        const payload = options.payload ?? ((this.getAttribute('payload') ?? 'cut') as 'off' | 'cut' | 'on')
        this.#recorder = record(this.#socket, { ...options, payload })
        this.#own = true
      }
      const recorder = this.#recorder
      this.#build(recorder)
      if (!recorder) return
      if (this.#own) this.#undo.push(profile(recorder))
      this.#undo.push(recorder.subscribe(() => this.#later()))
      const now = () => this.#update()
      // Durations and countdowns. Nobody sees them in a hidden page.
      const ticker = setInterval(() => document.hidden || now(), 1000)
      this.#undo.push(() => clearInterval(ticker))
      for (const event of ['online', 'offline']) {
        addEventListener(event, now)
        this.#undo.push(() => removeEventListener(event, now))
      }
      document.addEventListener('visibilitychange', now)
      this.#undo.push(() => document.removeEventListener('visibilitychange', now))
      this.#announcedId = recorder.transitions.at(-1)?.id ?? 0
      now()
    }

    #later(): void {
      this.#timer ??= setTimeout(() => {
        this.#timer = undefined
        this.#update()
      }, PACE)
    }

    #update(): void {
      for (const view of this.#views) view.update()
      this.#announce()
    }

    /** Says when an outage begins and ends, and nothing of what happens in between. */
    #announce(): void {
      if (!this.#recorder || this.hasAttribute('quiet')) return
      const periods = timeline(this.#recorder.transitions)
      const period = periods.at(-1)
      if (!period || period.id <= this.#announcedId) return
      this.#announcedId = period.id
      const text = announcement(period, periods.at(-2))
      if (text) setText(this.#announced, text)
    }

    #build(recorder: Recorder | undefined): void {
      const view = this.getAttribute('view') ?? 'all'
      const label = this.getAttribute('label') ?? 'Connection inspector'
      const level = Math.min(6, Math.max(2, Number(this.getAttribute('heading-level')) || 2))
      const heading = `h${level}` as 'h2'
      const inner = `h${Math.min(6, view === 'all' ? level + 1 : level)}` as 'h3'
      const panel = make('div', { class: 'panel', role: 'region', 'aria-label': label })
      this.#views = []
      for (const old of [...this.#shadow.children]) if (old.localName !== 'style') old.remove()
      this.#shadow.append(panel)
      if (!recorder) {
        panel.append(make('p', { class: 'empty' }, 'No socket yet. Set the socket property of this element.'))
        return
      }
      const add = <Kind extends View>(made: Kind): HTMLElement => {
        this.#views.push(made)
        return made.node
      }
      const shows = (name: string) => view === 'all' || view === name
      const parts: HTMLElement[] = []
      if (shows('summary')) parts.push(add(summaryView(recorder)))
      const side = make('div', { class: 'side' })
      if (shows('timeline')) side.append(add(timelineView(recorder, inner)))
      if (view === 'all') side.append(add(roundTripsView(recorder, inner)))
      const columns = make('div', { class: view === 'all' ? 'columns both' : 'columns' })
      if (side.childElementCount) columns.append(side)
      if (shows('frames')) columns.append(add(framesView(recorder, inner)))
      if (columns.childElementCount) parts.push(columns)
      const body = make('div', { class: 'body' }, ...parts)
      if (shows('summary')) {
        const top = make('div', { class: 'top', part: 'header' }, add(statusView(recorder, heading)))
        if (this.hasAttribute('docked')) {
          const button = make(
            'button',
            { type: 'button', 'aria-expanded': 'true' },
            'Details',
            unseen(` of the ${label}`),
          )
          button.addEventListener('click', () => toggle(button, body))
          top.append(button)
        }
        panel.append(top)
      }
      panel.append(body)
      this.#announced = make('p', { role: 'status', class: 'unseen' })
      panel.append(this.#announced)
    }
  }
}
