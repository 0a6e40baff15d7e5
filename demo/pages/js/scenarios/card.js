import { closeWords } from '../close-words.js'
import { make } from '../dom.js'
import { eventLog } from './log.js'

const host = `${location.protocol === 'https:' ? 'wss' : 'ws'}://${location.host}`

/**
 * One scenario: what it shows, a button for every way to start it, what one can do while it runs, and what happened.
 *
 * `starts` are `{ label, path, options }`; `listen(socket, write)` adds what is special about it; `controls(use)` are the
 * elements of the form, where `use(work)` runs `work(socket, write)` if it is started.
 */
export function card({ number, title, about, starts, listen, controls }) {
  const log = eventLog(`What happened in ${title}`)
  let socket

  function start({ path, options }) {
    socket?.close()
    log.clear()
    socket = new Holdfast.Socket(host + path(), options)
    follow(socket)
    listen?.(socket, log.write)
  }

  function follow(current) {
    let wasOpen = false
    current.on('connecting', ({ url }) => {
      wasOpen = false
      show('connecting', `Dialling ${url.replace(host, '')}`)
    })
    current.on('open', ({ protocol }) => {
      wasOpen = true
      show('open', protocol ? `Open, and it speaks ${protocol}` : 'Open', 'good')
    })
    current.on('waiting', ({ close, delay }) =>
      show(
        'waiting',
        `${closeWords(close, wasOpen)} (${close.code}). Again in ${(delay / 1_000).toFixed(1)} s`,
        'bad',
      ),
    )
    current.on('closed', (close) =>
      show('closed', `Closed: ${closeWords(close, wasOpen)} (${close.code})`, 'bad'),
    )
  }

  function show(status, words, kind) {
    element.dataset.status = status
    const live = status !== 'closed'
    stop.hidden = !live
    for (const button of startButtons) button.hidden = live
    form.disabled = !live
    log.write(words, kind)
  }

  /** Runs what a control does, while there is a connection to do it with. */
  const use = (work) => (event) => {
    event?.preventDefault()
    if (socket && socket.status !== 'closed') return work(socket, log.write, event)
  }

  const startButtons = starts.map((each) => {
    const button = make('button', { type: 'button', class: each.quiet ? '' : 'main' }, each.label)
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
  )
  head.append(make('span', { class: 'dot', 'aria-hidden': 'true' }))
  const element = make('article', { class: 'card', 'data-status': 'idle', 'aria-labelledby': heading.id })
  element.append(
    head,
    make('p', {}, about),
    make('div', { class: 'starts' }, ...startButtons, stop),
    form,
    log.list,
  )
  return element
}
