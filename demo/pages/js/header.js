import { byId } from './dom.js'

/** What each status is called on the pages. */
export const statusNames = {
  idle: 'Not connected',
  connecting: 'Connecting',
  open: 'Connected',
  waiting: 'Reconnecting',
  suspended: 'Suspended',
  closed: 'Disconnected',
}

/** Shows a status in the header, on every page in the same place. `tone` is a status and decides the colour. */
export function showInHeader(tone, words, detail = '') {
  const pill = document.querySelector('.pill')
  pill.dataset.status = tone
  byId('status').textContent = words
  byId('detail').textContent = detail
}

/** Tells screen readers, once. The visible texts change too often for that. */
export function announce(text) {
  const element = byId('announcement')
  if (element.textContent !== text) element.textContent = text
}
