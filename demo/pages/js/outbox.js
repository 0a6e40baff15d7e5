import { upload } from '/holdfast/index.js'
import { newId } from './id.js'
import { writePicture } from './picture.js'
import { sizeOf } from './sizes.js'

/**
 * The messages of this page until their outcome is known. A session tells the outcome itself, and sends again what was on
 * its way when the connection broke. Over a plain socket the server's receipts tell it: what was handed to the browser and
 * has no receipt when the connection breaks is lost, unless the history shows later that it had arrived.
 *
 * `onChange(entry)` is called for each state: `queued`, `sent`, `held` (nowhere but here), `delivered`, `refused`, `lost`,
 * `unknown`. `onLosses({ lost, saved })`: how many messages a plain socket has lost, and how many it would have lost.
 */
export function outbox(connection, { onChange, onLosses }) {
  const entries = new Map()
  const losses = { lost: 0, saved: 0 }
  /** How many messages the session sent again when it last resumed. */
  let resent = 0

  function become(entry, state, more) {
    Object.assign(entry, { state, ...more })
    if (state === 'delivered' || state === 'refused') entries.delete(entry.id)
    onChange(entry, () => again(entry))
  }

  function count(entry, kind, by = 1) {
    losses[kind] += by
    entry.counted = by > 0 ? kind : undefined
    onLosses({ ...losses })
  }

  const isPending = ({ state }) => state === 'queued' || state === 'sent' || state === 'held'
  const inState = (state) => [...entries.values()].filter((entry) => entry.state === state)

  function transmit(entry) {
    if (connection.status === 'closed' || connection.status === 'idle') return become(entry, 'held')
    const state = connection.status === 'open' ? 'sent' : 'queued'
    if (connection.guaranteed) return entrust(entry, state)
    if (entry.kind === 'text') {
      const result = connection.send(entry.data)
      return become(entry, result === 'dropped' ? 'held' : result)
    }
    become(entry, state, { progress: 0 })
    // The receipt may come before the browser tells that the last byte has left.
    const onProgress = ({ loaded, total }) => {
      if (entries.has(entry.id)) become(entry, entry.state, { progress: loaded / total })
    }
    // A broken connection rejects it, and is noticed below.
    upload(connection.socket, entry.data, { onProgress }).catch(() => {})
  }

  /** Hands the message to the session, which tells its outcome. */
  function entrust(entry, state) {
    // The outcome of an earlier try, over a connection that was replaced since, no longer counts.
    const turn = Symbol()
    become(entry, state, { turn, progress: 0 })
    const settled = (outcome) => {
      if (entry.turn !== turn || !entries.has(entry.id)) return
      if (outcome !== 'delivered' && entry.risked && !entry.counted) count(entry, 'saved')
      become(entry, outcome)
    }
    connection.delivered(entry.data).then(
      () => settled('delivered'),
      ({ cause }) => settled(cause),
    )
    follow(entry)
  }

  /** Shows how much of a picture has left. Messages that were written after it leave after it. */
  function follow(entry) {
    const { kind, data, turn } = entry
    const look = () => {
      if (entry.state !== 'sent' || entry.turn !== turn) return
      const all = [...entries.values()].filter(isPending)
      const later = all.slice(all.indexOf(entry) + 1).reduce((sum, { data }) => sum + sizeOf(data), 0)
      const held = Math.max(0, connection.socket.bufferedAmount - later)
      const left = 1 - Math.min(1, held / data.byteLength)
      if (left > entry.progress) become(entry, 'sent', { progress: left })
      if (left < 1) setTimeout(look, 100)
    }
    // A session begins to send after all listeners of `open` have run.
    if (kind === 'image') setTimeout(look)
  }

  function again(entry) {
    if (isPending(entry)) return
    // It stays lost for the count, because the visitor sends it again and not the library.
    entry.counted = entry.risked = undefined
    transmit(entry)
  }

  /** Marks what was handed to the browser and is not known to have arrived. */
  function broken() {
    for (const entry of inState('sent')) {
      if (connection.guaranteed) become(entry, 'queued', { risked: true, progress: 0 })
      else {
        count(entry, 'lost')
        become(entry, 'lost')
      }
    }
  }
  connection.on('waiting', broken)
  connection.on('connecting', broken)
  connection.on('resumed', () => {
    // Promises of messages that had arrived after all are settled first.
    queueMicrotask(() => {
      const again = [...entries.values()].filter((entry) => entry.risked && isPending(entry))
      resent = again.length
      for (const entry of again) if (!entry.counted) count(entry, 'saved')
      for (const entry of entries.values()) entry.risked = false
    })
  })

  // The queue is sent now. What the page alone holds follows it.
  connection.on('open', () => {
    for (const entry of inState('queued')) {
      become(entry, 'sent')
      if (connection.guaranteed) follow(entry)
    }
    for (const entry of inState('held')) transmit(entry)
  })
  connection.on('drop', ({ data }) => {
    if (connection.guaranteed) return
    for (const entry of entries.values()) if (entry.data === data) become(entry, 'held')
  })

  connection.on('closed', () => {
    broken()
    // The queue was dropped. Its buffers are copies that cannot be found by identity.
    if (!connection.guaranteed) for (const entry of inState('queued')) become(entry, 'held')
  })

  function add(entry) {
    entries.set(entry.id, entry)
    transmit(entry)
  }

  return {
    get resent() {
      return resent
    },
    /** How many messages are not known to be delivered. */
    get size() {
      return [...entries.values()].filter(isPending).length
    },
    sendText(text) {
      const id = newId()
      add({ id, kind: 'text', text, data: JSON.stringify({ type: 'message', id, text }) })
    },
    async sendPicture(file) {
      const id = newId()
      const bytes = await file.arrayBuffer()
      add({
        id,
        kind: 'image',
        name: file.name,
        mime: file.type,
        bytes,
        data: writePicture({ type: 'image', id, name: file.name }, bytes),
      })
    },
    /** Before the connection is replaced: what is on its way goes again over the next one. The server drops doubles by id. */
    changing() {
      for (const entry of entries.values()) if (isPending(entry)) become(entry, 'held', { turn: undefined })
    },
    /** Notes a receipt. Returns whether it was for one of ours without an outcome. */
    delivered({ id, seq, at }) {
      const entry = entries.get(id)
      if (entry?.counted === 'lost') count(entry, 'lost', -1)
      if (entry) become(entry, 'delivered', { seq, at })
      return entry !== undefined
    },
    refused(id, words) {
      const entry = entries.get(id)
      if (entry) become(entry, 'refused', { words })
    },
  }
}
