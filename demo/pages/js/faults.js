import { byId } from './dom.js'

const notes = {
  drop: 'The server cut your connection without a close frame. The browser reports code 1006.',
  silence: 'The server has stopped answering you. Your heartbeat will notice within 5 s.',
  restart: 'The server is restarting. It refuses connections for 2.5 s.',
}

/**
 * The buttons that break the connection. They stay focusable while there is nothing to break: a button that is disabled
 * under the focus would send the focus to the start of the page.
 */
export function faultButtons(socket) {
  const buttons = [...document.querySelectorAll('[data-fault]')]
  const disconnect = byId('disconnect')
  const note = byId('fault-note')
  let since

  const hint = 'Each fault is real: the server causes it. Messages that you write meanwhile arrive later.'
  /** Shows what happens, or the hint. */
  function show(words) {
    note.textContent = words ?? hint
    note.toggleAttribute('data-hint', words === undefined)
  }

  const available = (button) => button.getAttribute('aria-disabled') !== 'true'
  for (const button of buttons) {
    button.addEventListener('click', () => {
      if (!available(button)) return
      show(notes[button.dataset.fault])
      since = performance.now()
      socket.sendJson({ type: 'fault', kind: button.dataset.fault })
    })
  }
  disconnect.addEventListener('click', () => {
    if (available(disconnect)) socket.close(1000, 'asked to')
  })

  function update() {
    const { status } = socket
    for (const button of buttons) button.setAttribute('aria-disabled', String(status !== 'open'))
    // Trying again can be stopped as well.
    disconnect.setAttribute('aria-disabled', String(status === 'closed' || status === 'idle'))
  }
  show()
  update()
  socket.on('status', update)
  socket.on('open', ({ reconnected }) => {
    if (!reconnected || since === undefined) return
    show(`Connected again ${((performance.now() - since) / 1_000).toFixed(1)} s after the fault.`)
    since = undefined
  })
  socket.on('closed', () => {
    since = undefined
    show()
  })
  // What was true of the last outage is not true of this one.
  const forget = () => {
    if (since === undefined) show()
  }
  socket.on('waiting', forget)
  addEventListener('offline', forget)
  return { refused: show }
}
