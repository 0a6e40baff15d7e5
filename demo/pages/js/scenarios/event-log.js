import { make } from '../dom.js'

/** How many lines are kept. */
const MOST = 100

/** The events of a scenario. The latest is at the end and in sight. */
export function eventLog(label) {
  const list = make('ol')
  const element = make(
    'div',
    { class: 'events', role: 'log', 'aria-live': 'off', 'aria-label': label, tabindex: 0 },
    list,
  )

  /** `kind` is `in`, `out`, `good`, `bad` or nothing; `more` is an element, such as a picture. */
  function write(text, kind = '', more = '') {
    const time = make('time', {}, new Date().toTimeString().slice(0, 8))
    list.append(make('li', { class: kind }, time, make('span', {}, text, more)))
    while (list.children.length > MOST) list.firstElementChild.remove()
    element.scrollTop = element.scrollHeight
  }
  return { element, write, clear: () => list.replaceChildren() }
}
