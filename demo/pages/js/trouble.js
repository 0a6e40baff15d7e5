import { byId } from './dom.js'

const words = {
  drop: 'The server cuts your line: no goodbye, so the browser reports 1006.',
  silence: 'The server has stopped listening to you. The line looks fine, until a ping goes unanswered.',
  restart: 'The server cuts everybody and lets nobody in for two and a half seconds.',
}

/** The buttons that break things. They work only while there is something to break. */
export function trouble(socket) {
  const buttons = document.querySelectorAll('[data-trouble]')
  const note = byId('trouble-note')
  let since

  for (const button of buttons) {
    button.addEventListener('click', () => {
      note.textContent = words[button.dataset.trouble]
      since = performance.now()
      socket.sendJson({ type: 'trouble', kind: button.dataset.trouble })
    })
  }
  byId('disconnect').addEventListener('click', () => socket.close(1000, 'asked to'))

  const allow = (open) => {
    for (const button of [...buttons, byId('disconnect')]) button.disabled = !open
  }
  allow(false)
  socket.on('open', ({ reconnected }) => {
    allow(true)
    if (!reconnected || since === undefined) return
    note.textContent = `Healed, ${((performance.now() - since) / 1_000).toFixed(1)} s after the trouble began.`
    since = undefined
  })
  socket.on('waiting', () => allow(false))
  socket.on('closed', () => {
    allow(false)
    since = undefined
  })
  return { refused: (message) => (note.textContent = message) }
}
