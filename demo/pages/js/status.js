/** What each status is called on the pages. */
export const statusNames = {
  idle: 'Not connected',
  connecting: 'Connecting',
  open: 'Connected',
  waiting: 'Reconnecting',
  suspended: 'Suspended',
  closed: 'Disconnected',
}

/** A device without a network still reaches a server on itself, so an open connection is shown as open. */
const isOffline = (status, online) => !online && (status === 'connecting' || status === 'waiting')

/** The status that decides the colour. */
export const toneOf = (status, online) => (isOffline(status, online) ? 'waiting' : status)

/** The words for a status, `words` if the page has its own. Without a network, `Offline`. */
export const wordsOf = (status, online, words = statusNames[status]) =>
  isOffline(status, online) ? 'Offline' : words
