import { describeClose } from '/holdfast/inspect.js'
import { byId, count } from './dom.js'
import { announce, showInHeader, statusNames } from './header.js'

const offline = () => navigator.onLine === false

/** Why the connection ended, in one sentence. */
export function closeSentence(close, opened) {
  if (close.cause === 'user') return 'You disconnected.'
  return describeClose(close, { opened, offline: offline() }).summary
}

/**
 * Shows the status of the visitor's connection in the header and in the bar above the composer. `unsent()` is how many
 * messages are waiting. Screen readers are told when an outage begins and ends, not of each attempt in it.
 */
export function showConnectionStatus(socket, { unsent }) {
  let reconnects = 0
  let countdown
  let opened = false
  /** The wait that is shown now: when the next attempt starts and why. */
  let wait
  let ended = ''
  let inOutage = false

  function show() {
    const { status } = socket
    // A device without a network still reaches a server on itself. So an open connection that delivers is shown as open.
    const networkDown =
      offline() && (status === 'open' ? unsent() > 0 : status !== 'closed' && status !== 'idle')
    document.documentElement.dataset.status = status
    document.documentElement.toggleAttribute('data-offline', networkDown)
    const left = wait ? Math.max(0, wait.end - performance.now()) / 1_000 : 0
    const waiting = unsent()
    const waitingWords = waiting ? `, ${count(waiting, 'message')} waiting` : ''

    // A first attempt is not an outage. A further one is, until a connection is open.
    const name = inOutage && status === 'connecting' ? 'Reconnecting' : statusNames[status]
    showInHeader(
      networkDown ? 'waiting' : status,
      networkDown ? 'Offline' : name,
      detail(status, networkDown, left),
    )

    const banner = byId('banner')
    const hidden = !(
      networkDown ||
      status === 'waiting' ||
      status === 'closed' ||
      (status === 'connecting' && inOutage)
    )
    if (hidden && banner.contains(document.activeElement)) byId('text').focus()
    banner.hidden = hidden
    byId('try-now').hidden = status === 'closed' || networkDown
    byId('connect-again').hidden = status !== 'closed'
    if (hidden) return
    if (networkDown) setBanner(`You are offline${waitingWords}. The connection comes back with the network.`)
    else if (status === 'closed')
      setBanner(`${ended}${waiting ? ` ${count(waiting, 'message')} waiting.` : ''}`)
    else if (status === 'waiting') setBanner(`${ended} Next attempt in ${left.toFixed(1)} s${waitingWords}.`)
    else setBanner(`${ended} Connecting again${waitingWords}.`)
  }

  function setBanner(words) {
    if (byId('banner-text').textContent !== words) byId('banner-text').textContent = words
  }

  function detail(status, networkDown, left) {
    if (networkDown) return unsent() ? `${unsent()} waiting` : ''
    if (status === 'open') return byId('rtt').textContent === '–' ? '' : byId('rtt').textContent
    return status === 'waiting' ? `${left.toFixed(1)} s` : ''
  }

  socket.on('open', ({ reconnected }) => {
    if (reconnected) reconnects += 1
    byId('reconnects').textContent = String(reconnects)
    if (inOutage || !opened) announce(inOutage ? 'Connected again.' : 'Connected.')
    opened = true
    inOutage = false
    show()
  })
  socket.on('waiting', ({ delay, close }) => {
    wait = { end: performance.now() + delay }
    ended = closeSentence(close, opened && !inOutage)
    byId('banner').style.setProperty('--delay', `${delay}ms`)
    byId('rtt').textContent = '–'
    if (!inOutage) announce(`Connection lost. ${ended} Connecting again.`)
    inOutage = true
    show()
  })
  socket.on('closed', (close) => {
    ended = closeSentence(close, opened)
    byId('rtt').textContent = '–'
    inOutage = false
    announce(`Disconnected. ${ended}`)
    show()
  })
  socket.on('pulse', ({ rtt }) => {
    byId('rtt').textContent = rtt < 1 ? '<1 ms' : `${Math.round(rtt)} ms`
    show()
  })
  // Emitted before the more specific event, and not when one wait follows another.
  socket.on('status', () => {
    clearInterval(countdown)
    if (socket.status === 'waiting') countdown = setInterval(show, 100)
    else wait = undefined
    show()
  })
  for (const name of ['online', 'offline']) addEventListener(name, show)
  byId('try-now').addEventListener('click', () => {
    byId('text').focus()
    socket.open()
  })
  byId('connect-again').addEventListener('click', () => {
    byId('text').focus()
    socket.open()
  })
  return {
    /** Shows these words as the reason of the end that follows: the server has said them. */
    explain: (words) => {
      ended = words
      show()
    },
    update: show,
  }
}
