import { make } from '../dom.js'

/** How many lines a card keeps. */
const MOST = 100

/** What happened, the latest at the end and in sight. */
export function eventLog(label) {
  const list = make('ol', { class: 'events', role: 'log', 'aria-label': label, tabindex: 0 })

  /** `kind` is `in`, `out`, `good`, `bad` or nothing; `more` is an element, such as a picture. */
  function write(text, kind = '', more = '') {
    const time = make('time', {}, new Date().toTimeString().slice(0, 8))
    list.append(make('li', { class: kind }, time, make('span', {}, text, more)))
    while (list.children.length > MOST) list.firstElementChild.remove()
    list.scrollTop = list.scrollHeight
  }
  return { list, write, clear: () => list.replaceChildren() }
}
