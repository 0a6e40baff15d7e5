import { make } from '../dom.js'

/** A button of a card. */
export function button(label, work) {
  const element = make('button', { type: 'button' }, label)
  element.addEventListener('click', work)
  return element
}

/** A line to write in and its button; `work` is given what was written, by Enter or by the button. */
export function line({ label, submit, work, optional = false, extra = [] }) {
  const input = make('input', {
    'aria-label': label,
    placeholder: label,
    maxlength: 500,
    autocomplete: 'off',
  })
  const form = make('form', { class: 'row' }, ...extra, input, make('button', { type: 'submit' }, submit))
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    if (!input.value.trim() && !optional) return
    work(input.value.trim())
    input.value = ''
    input.focus()
  })
  return form
}
