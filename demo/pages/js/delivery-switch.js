import { byId } from './dom.js'
import { guarantee } from './identity.js'

const notes = {
  true: 'On: a session. Messages that were on their way when the connection broke are sent again, once and in order.',
  false: 'Off: a plain socket. Messages that were on their way when the connection broke are lost.',
}

/** The switch between a session and a plain socket, and how many messages a plain socket loses. */
export function deliverySwitch(onChange) {
  const input = byId('guarantee')
  let losses = { lost: 0, saved: 0 }
  input.checked = guarantee.get()

  function show() {
    input.setAttribute('aria-checked', String(input.checked))
    const number = input.checked ? losses.saved : losses.lost
    const messages = number === 1 ? 'message' : 'messages'
    byId('loss-count').textContent = String(number)
    byId('loss-words').textContent = input.checked
      ? `${messages} that a plain socket would have lost`
      : `${messages} that the plain socket has lost`
    byId('losses').dataset.kind = number === 0 ? 'none' : input.checked ? 'saved' : 'lost'
    byId('guarantee-note').textContent = notes[input.checked]
  }
  input.addEventListener('change', () => {
    guarantee.set(input.checked)
    show()
    onChange(input.checked)
  })
  show()

  return {
    get on() {
      return input.checked
    },
    showLosses(now) {
      losses = now
      show()
    },
  }
}
