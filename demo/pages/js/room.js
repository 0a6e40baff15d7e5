import { byId, scrollable } from './dom.js'
import { noteRow, ownRow, saidRow } from './row.js'

/** How many rows are kept. The oldest go, and their pictures with them. */
const MOST = 300

/** The list of messages: what has a number in its order, then what is still on its way, as it was said. */
export function room() {
  const log = byId('log')
  const newer = byId('newer')
  const pending = new Map()
  const heard = new Set()

  scrollable(log)

  const isAtEnd = () => log.scrollHeight - log.scrollTop - log.clientHeight < 80
  const scrollToEnd = () => {
    log.scrollTop = log.scrollHeight
    newer.hidden = true
  }
  newer.addEventListener('click', scrollToEnd)
  /** Whether the end is in sight, and is to stay there: a picture has no height until it is decoded. */
  let stays = true
  log.addEventListener('scroll', () => {
    stays = isAtEnd()
    if (stays) newer.hidden = true
  })
  log.addEventListener('load', () => stays && scrollToEnd(), true)

  function place(row, { own = false, waiting = false } = {}) {
    stays ||= own
    const firstPending = waiting
      ? null
      : log.querySelector(
          '[data-id]:not([data-placed], [data-state=refused], [data-state=lost], [data-state=unknown])',
        )
    log.insertBefore(row, firstPending)
    for (const each of [row, row.nextElementSibling]) if (each) joinToPrevious(each)
    while (log.children.length > MOST) forget(log.firstElementChild)
    byId('empty').hidden = true
    if (stays) scrollToEnd()
    else newer.hidden = false
  }

  /** What one person says in a row has one face beside it. */
  function joinToPrevious(row) {
    const { from } = row.dataset
    row.classList.toggle('joined', from !== undefined && row.previousElementSibling?.dataset.from === from)
  }

  function forget(row) {
    const image = row.querySelector('img.picture')
    if (image) URL.revokeObjectURL(image.src)
    row.remove()
  }

  return {
    /** Whether this is news; the history repeats what was heard shortly before the line broke. */
    isNews({ seq }) {
      const news = !heard.has(seq)
      heard.add(seq)
      return news
    },
    note: (text, kind = 'local') => place(noteRow(text, kind)),
    said: (message, own) => place(saidRow(message, own)),
    /** Follows one of our own messages from the first try to its receipt. */
    follow(entry, onAgain) {
      let shown = pending.get(entry.id)
      if (!shown) {
        shown = ownRow(entry, onAgain)
        pending.set(entry.id, shown)
        place(shown.row, { own: true, waiting: true })
      }
      shown.update(entry)
      if (entry.seq !== undefined) this.placed(entry)
      const { state, placed } = shown.row.dataset
      if (state === 'refused' || (state === 'delivered' && placed !== undefined)) pending.delete(entry.id)
    },
    /** Its place in the order of the room is known. Answers whether it was one of ours, waiting for that. */
    placed({ id, seq, at }) {
      heard.add(seq)
      const shown = pending.get(id)
      if (!shown) return false
      if (shown.row.dataset.placed === undefined) {
        shown.settle(at)
        place(shown.row)
      }
      if (shown.row.dataset.state === 'delivered') pending.delete(id)
      return true
    },
    /** Another room: its numbers start anew. */
    forgetNumbers: () => heard.clear(),
  }
}
