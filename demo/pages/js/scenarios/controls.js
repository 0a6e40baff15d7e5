import { make } from '../dom.js'

/** A button of a card. */
export function button(label, work) {
  const element = make('button', { type: 'button' }, label)
  element.addEventListener('click', work)
  return element
}

/** A text field and its button. `work` is called with the text, by Enter or by the button. */
export function textLine({ label, submit, work, optional = false, extra = [] }) {
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
