import { byId } from './dom.js'
import { nickname } from './identity.js'

/** Asks for the nickname at the first visit, and when the visitor wants to change it. */
export function nameDialog(onName) {
  const dialog = byId('who')
  const input = byId('name')

  byId('who-form').addEventListener('submit', (event) => {
    event.preventDefault()
    const name = input.value.trim()
    if (!name) return
    nickname.set(name)
    dialog.close()
    show(name)
    onName(name)
  })
  // A name is required.
  dialog.addEventListener('cancel', (event) => {
    if (!byId('my-name').dataset.name) event.preventDefault()
  })
  byId('name-button').addEventListener('click', ask)

  function show(name) {
    byId('my-name').textContent = name
    byId('my-name').dataset.name = name
  }

  function ask() {
    input.value = nickname.get() ?? ''
    dialog.showModal()
    input.focus()
    input.select()
  }

  const known = nickname.get()
  if (!known) return ask()
  show(known)
  onName(known)
}
