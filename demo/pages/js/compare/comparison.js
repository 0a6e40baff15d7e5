import { Socket } from '/holdfast/index.js'
import { Clock } from './clock.js'
import { Follower } from './follower.js'
import { ways } from './ways.js'
import { order } from './words.js'

const host = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}`

/** One run: a value of this page's own on the server, three ways that follow it, and a fourth connection for the figures. */
export class Comparison {
  /** For each way, what the server has counted and what has arrived. Always the same object, because the table reads it. */
  rows = {}
  /** How long polling waits between two requests, in ms. */
  interval = 1_000
  onSeen = () => {}
  onTally = () => {}
  onState = () => {}
  /** The status of the connection for the figures. */
  onStatus = () => {}
  /** All figures are at zero again. */
  onReset = () => {}
  #rate = 1
  #control
  #off
  #start = 0
  #clock = new Clock()

  constructor() {
    this.reset()
  }

  get running() {
    return this.#control !== undefined
  }

  get seconds() {
    return (performance.now() - this.#start) / 1_000
  }

  reset() {
    for (const way of order)
      this.rows[way] = { tally: { requests: 0, received: 0, sent: 0 }, follower: new Follower() }
    this.onReset()
  }

  start() {
    this.stop()
    this.reset()
    const control = new Socket(`${host}/compare/run`)
    this.#control = control
    control.on('json', (message) => this.#received(message))
    control.on('waiting', ({ delay }) => {
      this.#off?.abort()
      this.onState(`The server does not answer. Next attempt in ${(delay / 1_000).toFixed(1)} s.`)
    })
    control.on('status', ({ status }) => this.onStatus(status))
    this.onStatus(control.status)
    this.onState('Connecting.')
  }

  stop() {
    this.#off?.abort()
    this.#control?.close()
    if (this.running) this.onState('Stopped.')
    this.#control = undefined
  }

  /** Changes a second. */
  setRate(rate) {
    this.#rate = rate
    if (this.#control?.status === 'open') this.#control.sendJson({ rate })
  }

  #received(message) {
    if (message.type === 'run') this.#follow(message.id)
    else if (message.type === 'clock') this.#clock.answered(message)
    else if (message.type === 'tally') {
      for (const way of order) this.rows[way].tally = message.tallies[way]
      this.onTally()
    }
  }

  /** A new run has a new value, so all figures start at zero. */
  #follow(run) {
    this.#off?.abort()
    this.#off = new AbortController()
    const { signal } = this.#off
    this.reset()
    this.#start = performance.now()
    this.#clock.ask(this.#control)
    this.#control.sendJson({ rate: this.#rate })
    this.onState('Running. All three follow the same value.')
    for (const way of order) {
      const { follower } = this.rows[way]
      const seen = (change) => {
        follower.take(change, this.#clock.now())
        if (!signal.aborted) this.onSeen()
      }
      ways[way]({ run, host, seen, signal, interval: () => this.interval })
    }
  }
}
