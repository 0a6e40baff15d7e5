import { byId } from './dom.js'
import { guarantee } from './identity.js'

const notes = {
  true: 'What a broken line takes with it is sent again: once, and in order.',
  false: 'What is on its way when the line breaks is gone.',
}

/** The switch, and what a plain socket costs. */
export function guaranteeSwitch(onChange) {
  const input = byId('guarantee')
  let toll = { lost: 0, saved: 0 }
  input.checked = guarantee.get()

  function show() {
    input.setAttribute('aria-checked', String(input.checked))
    const count = input.checked ? toll.saved : toll.lost
    const messages = count === 1 ? 'message' : 'messages'
    byId('toll-count').textContent = String(count)
    byId('toll-words').textContent = input.checked
      ? `${messages} that a plain socket would have lost`
      : `${messages} that the plain socket has lost`
    byId('toll').dataset.kind = count === 0 ? 'none' : input.checked ? 'saved' : 'lost'
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
    toll(now) {
      toll = now
      show()
    },
  }
}
