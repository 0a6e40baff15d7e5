import { Socket } from '/holdfast/index.js'
import { describeClose } from '/holdfast/inspect.js'
import { make } from '../dom.js'
import { eventLog } from './event-log.js'

const host = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}`

/**
 * One scenario: what it shows, the code for it, buttons to start it, what one can do while it runs, and what happened.
 *
 * `starts` are `{ label, path, options }`, of which the first is started with the page; `code` is shown; `listen(socket,
 * write)` adds what is special about the scenario; `controls(use)` returns the elements of its form, where `use(work)` runs
 * `work(socket, write)` while there is a connection. `onStatus(status)` is called at every change.
 */
export function card({ number, title, about, code, starts, listen, controls, closeWords }, onStatus) {
  const log = eventLog(`Events of ${title}`)
  let socket

  function start({ path, options }) {
    socket?.close()
    log.clear()
    socket = new Socket(host + path(), options)
    follow(socket)
    listen?.(socket, log.write)
  }

  function follow(current) {
    let opened = false
    const why = (close) => closeWords?.(close, opened) ?? describeClose(close, { opened }).summary
    current.on('connecting', ({ url }) => {
      opened = false
      show('connecting', `Connecting to ${url.replace(host, '')}`)
    })
    current.on('open', ({ protocol }) => {
      opened = true
      show('open', protocol ? `Open, with the subprotocol ${protocol}` : 'Open', 'good')
    })
    current.on('waiting', ({ close, delay }) =>
      show('waiting', `${why(close)} Next attempt in ${(delay / 1_000).toFixed(1)} s`, 'bad'),
    )
    current.on('closed', (close) => {
      const words = close.cause === 'user' ? 'You closed the connection.' : why(close)
      show('closed', `Closed. ${words}`, close.cause === 'user' ? '' : 'bad')
    })
  }

  function show(status, words, kind) {
    element.dataset.status = status
    const live = status !== 'closed'
    // The focus must not be lost with the button that had it.
    const hadFocus = element.querySelector('.starts').contains(document.activeElement)
    stop.hidden = !live
    for (const button of startButtons) button.hidden = live
    if (hadFocus) (live ? stop : startButtons[0]).focus()
    form.disabled = !live
    log.write(words, kind)
    onStatus(status)
  }

  /** Runs what a control does, while there is a connection. */
  const use = (work) => (event) => {
    event?.preventDefault()
    if (socket && socket.status !== 'closed') return work(socket, log.write, event)
  }

  const startButtons = starts.map((each) => {
    const button = make('button', { type: 'button' }, each.label)
    button.addEventListener('click', () => start(each))
    return button
  })
  const stop = make('button', { type: 'button', hidden: true }, 'Stop')
  stop.addEventListener('click', () => socket.close())
  const form = make(
    'fieldset',
    { disabled: true },
    make('legend', { class: 'unseen' }, `Controls of ${title}`),
  )
  form.append(...(controls?.(use) ?? []))
  form.hidden = !controls

  const heading = make('h2', { id: `title-${number}` }, title)
  const head = make(
    'header',
    {},
    make('span', { class: 'number', 'aria-hidden': 'true' }, String(number)),
    heading,
    make('span', { class: 'dot', 'aria-hidden': 'true' }),
    make('div', { class: 'starts' }, ...startButtons, stop),
  )
  const element = make('article', { class: 'card', 'data-status': 'idle', 'aria-labelledby': heading.id })
  element.append(
    head,
    make('p', {}, about),
    make('figure', {}, make('pre', {}, make('code', {}, code))),
    log.element,
    form,
  )
  // Eight logs at once are too much to hear. A card that is used is read out.
  element.addEventListener('focusin', () => log.element.setAttribute('aria-live', 'polite'))
  element.addEventListener('focusout', () => log.element.setAttribute('aria-live', 'off'))
  return { element, start: () => start(starts[0]) }
}
