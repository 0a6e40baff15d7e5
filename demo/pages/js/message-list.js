import { scrollable } from './dom.js'
import { noteRow, ownRow, receivedRow } from './message-row.js'

/** How many rows are kept. The oldest go, and their pictures with them. */
const MOST_ROWS = 300
/** How near to its end the list counts as being at the end, in px. */
const END = 80

/**
 * The list of messages: those with a number, in the order of the room, then those that are still on their way, in the
 * order in which they were written.
 */
export function messageList(frame, { newer }) {
  const list = frame.querySelector('ol')
  const pending = new Map()
  const received = new Set()
  /** Whether the end is in sight and is to stay there when rows are added or grow. */
  let following = true
  let last = { top: 0, height: 0, view: 0 }

  scrollable(frame)

  const isAtEnd = () => frame.scrollHeight - frame.scrollTop - frame.clientHeight < END
  function scrollToEnd() {
    frame.scrollTop = frame.scrollHeight
    newer.hidden = true
    remember()
  }
  function remember() {
    last = { top: frame.scrollTop, height: frame.scrollHeight, view: frame.clientHeight }
  }
  newer.addEventListener('click', () => {
    following = true
    scrollToEnd()
    frame.focus()
  })
  frame.addEventListener('scroll', () => {
    // A `scroll` event comes later than the change that caused it, and meanwhile a picture may have got its height. So only
    // a move upwards in a list that has not changed is the reader's own.
    const changed = frame.scrollHeight !== last.height || frame.clientHeight !== last.view
    if (isAtEnd()) following = true
    else if (!changed && frame.scrollTop < last.top) following = false
    if (isAtEnd()) newer.hidden = true
    remember()
  })
  // Pictures get their height when they are decoded, and the frame shrinks when a line appears below it.
  const observer = new ResizeObserver(() => following && scrollToEnd())
  observer.observe(list)
  observer.observe(frame)

  const unfinished =
    '[data-id]:not([data-placed], [data-state=refused], [data-state=lost], [data-state=unknown])'

  function place(row, { own = false, waiting = false } = {}) {
    following ||= own
    list.insertBefore(row, waiting ? null : list.querySelector(unfinished))
    for (const each of [row, row.nextElementSibling]) if (each) joinToPrevious(each)
    while (list.children.length > MOST_ROWS) forget(list.firstElementChild)
    if (following) scrollToEnd()
    else newer.hidden = false
  }

  /** Messages of one person in a row have one avatar. */
  function joinToPrevious(row) {
    const { from } = row.dataset
    row.classList.toggle('joined', from !== undefined && row.previousElementSibling?.dataset.from === from)
  }

  function forget(row) {
    const image = row.querySelector('img.picture')
    if (image) URL.revokeObjectURL(image.src)
    row.remove()
  }

  /** The note above the messages that are on their way, if the last row there is one. */
  function lastRow() {
    const next = list.querySelector(unfinished)
    return next ? next.previousElementSibling : list.lastElementChild
  }

  return {
    /** Whether this message is new. The history repeats what was received shortly before the connection broke. */
    isNew({ seq }) {
      const isNew = !received.has(seq)
      received.add(seq)
      return isNew
    },
    note: (text, kind = 'local') => place(noteRow(text, kind)),
    /** Who comes and goes, in one line as long as nothing else happens. */
    presence(text) {
      const row = lastRow()
      if (!row?.classList.contains('system')) return place(noteRow(text, 'system'))
      const words = row.firstElementChild
      const all = words.textContent.split(' · ').filter((part) => part !== text)
      words.textContent = [...all.slice(-3), text].join(' · ')
      if (following) scrollToEnd()
    },
    received: (message, own) => place(receivedRow(message, own)),
    /** Follows one of our own messages from the first attempt to its receipt. */
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
    /** The place of a message in the order of the room is known. Returns whether it was one of ours. */
    placed({ id, seq, at }) {
      received.add(seq)
      const shown = pending.get(id)
      if (!shown) return false
      if (shown.row.dataset.placed === undefined) {
        shown.settle(at)
        place(shown.row)
      }
      if (shown.row.dataset.state === 'delivered') pending.delete(id)
      return true
    },
    /** For another room, whose numbers start again. */
    forgetNumbers: () => received.clear(),
  }
}
