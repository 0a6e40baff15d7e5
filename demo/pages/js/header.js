import { byId } from './dom.js'
import { statusNames, toneOf, wordsOf } from './status.js'

export { statusNames }

/** Shows a status in the header, on every page in the same place. `tone` is a status and decides the colour. */
export function showInHeader(tone, words, detail = '') {
  const pill = document.querySelector('.pill')
  pill.dataset.status = tone
  byId('status').textContent = words
  byId('detail').textContent = detail
}

/**
 * Returns a function that shows a status in the header, with words of the page's own if it has some. Without a network it
 * shows that, until the network is back.
 */
export function statusInHeader() {
  let shown = ['idle']
  const show = () => {
    const [status, words] = shown
    showInHeader(toneOf(status, navigator.onLine), wordsOf(status, navigator.onLine, words))
  }
  for (const name of ['online', 'offline']) addEventListener(name, show)
  return (status, words) => {
    shown = [status, words]
    show()
  }
}

/** Tells screen readers, once. The visible texts change too often for that. */
export function announce(text) {
  const element = byId('announcement')
  if (element.textContent !== text) element.textContent = text
}
