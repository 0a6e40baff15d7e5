import { newId } from './id.js'
import { sizeOf } from './payload.js'
import { writePicture } from './picture.js'

/**
 * What this page has said, until it is known what became of it. A session tells that itself, and sends again what a
 * broken line took with it. Over a plain socket the server's receipts tell, and what was handed to the browser and has no
 * receipt when the line breaks is lost, unless the history shows later that it had arrived.
 *
 * `onChange(entry)` is told of every step: `queued`, `sent`, `held` (nowhere but here), `delivered`, `refused`, `lost`,
 * `unknown`. `onToll({ lost, saved })`: how many a plain socket has lost, and how many it would have.
 */
export function outbox(link, { onChange, onToll }) {
  const entries = new Map()
  const toll = { lost: 0, saved: 0 }

  function become(entry, state, more) {
    Object.assign(entry, { state, ...more })
    if (state === 'delivered' || state === 'refused') entries.delete(entry.id)
    onChange(entry, () => again(entry))
  }

  function count(entry, kind, by = 1) {
    toll[kind] += by
    entry.counted = by > 0 ? kind : undefined
    onToll({ ...toll })
  }

  const isPending = ({ state }) => state === 'queued' || state === 'sent' || state === 'held'
  const inState = (state) => [...entries.values()].filter((entry) => entry.state === state)

  function transmit(entry) {
    if (link.status === 'closed' || link.status === 'idle') return become(entry, 'held')
    const state = link.status === 'open' ? 'sent' : 'queued'
    if (link.guaranteed) return entrust(entry, state)
    if (entry.kind === 'text') {
      const result = link.send(entry.data)
      return become(entry, result === 'dropped' ? 'held' : result)
    }
    become(entry, state, { progress: 0 })
    // The receipt may come before the browser tells that the last byte has left.
    const onProgress = ({ loaded, total }) => {
      if (entries.has(entry.id)) become(entry, entry.state, { progress: loaded / total })
    }
    // A broken line rejects it, and is noticed below.
    Holdfast.upload(link.wire, entry.data, { onProgress }).catch(() => {})
  }

  /** To the session, which answers for it. */
  function entrust(entry, state) {
    // The answer to an earlier try, over a line that has been changed since, is no longer asked for.
    const turn = Symbol()
    become(entry, state, { turn, progress: 0 })
    const settled = (outcome) => {
      if (entry.turn !== turn || !entries.has(entry.id)) return
      if (outcome !== 'delivered' && entry.risked && !entry.counted) count(entry, 'saved')
      become(entry, outcome)
    }
    link.delivered(entry.data).then(
      () => settled('delivered'),
      ({ cause }) => settled(cause),
    )
    follow(entry)
  }

  /** How much of a picture has left, of what is still held here: what was said after it leaves after it. */
  function follow(entry) {
    const { kind, data, turn } = entry
    const look = () => {
      if (entry.state !== 'sent' || entry.turn !== turn) return
      const all = [...entries.values()].filter(isPending)
      const later = all.slice(all.indexOf(entry) + 1).reduce((sum, { data }) => sum + sizeOf(data), 0)
      const held = Math.max(0, link.wire.bufferedAmount - later)
      const left = 1 - Math.min(1, held / data.byteLength)
      if (left > entry.progress) become(entry, 'sent', { progress: left })
      if (left < 1) setTimeout(look, 100)
    }
    // A session begins to send when all have heard that it is open.
    if (kind === 'image') setTimeout(look)
  }

  function again(entry) {
    if (isPending(entry)) return
    // It stays lost for the count: that it goes again is the visitor's doing.
    entry.counted = entry.risked = undefined
    transmit(entry)
  }

  /** What was handed to the browser and is not known to have arrived. */
  function broken() {
    for (const entry of inState('sent')) {
      if (link.guaranteed) become(entry, 'queued', { risked: true, progress: 0 })
      else {
        count(entry, 'lost')
        become(entry, 'lost')
      }
    }
  }
  link.on('waiting', broken)
  link.on('connecting', broken)
  link.on('resumed', () => {
    // What the server had got after all is told first, by promises.
    queueMicrotask(() => {
      for (const entry of entries.values()) {
        if (entry.risked && !entry.counted && isPending(entry)) count(entry, 'saved')
        entry.risked = false
      }
    })
  })

  // What listeners of `open` send goes ahead of the queue: these were said before it.
  link.on('open', () => {
    for (const entry of inState('queued')) {
      become(entry, 'sent')
      if (link.guaranteed) follow(entry)
    }
    for (const entry of inState('held')) transmit(entry)
  })
  link.on('drop', ({ data }) => {
    if (link.guaranteed) return
    for (const entry of entries.values()) if (entry.data === data) become(entry, 'held')
  })

  link.on('closed', () => {
    broken()
    // The queue has been given up, buffers of it as copies that cannot be told by identity.
    if (!link.guaranteed) for (const entry of inState('queued')) become(entry, 'held')
  })

  function add(entry) {
    entries.set(entry.id, entry)
    transmit(entry)
  }

  return {
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
    /** The kind of the line is changed: whatever is under way goes again, under its id, which the server hears once. */
    changing() {
      for (const entry of entries.values()) if (isPending(entry)) become(entry, 'held', { turn: undefined })
    },
    /** Whether this was one of ours of which it was not known yet. */
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
