import { newId } from './id.js'

/** What this browser's user is called, kept over visits. */
export const nickname = {
  get: () => read(localStorage, 'holdfast name'),
  set: (name) => write(localStorage, 'holdfast name', name),
}

/** Whether this browser's user wants guaranteed delivery. On by default. */
export const guarantee = {
  get: () => read(localStorage, 'holdfast guarantee') !== 'off',
  set: (on) => write(localStorage, 'holdfast guarantee', on ? 'on' : 'off'),
}

/** Where the list of messages of this tab begins, so that it begins there again after a reload: a cursor. */
export const beginning = {
  get: () => read(sessionStorage, 'holdfast beginning'),
  set: (cursor) => write(sessionStorage, 'holdfast beginning', cursor),
}

const KEY = 'holdfast session'
/** How long the page that was here before may take to release its id, in ms: it is being unloaded. */
const RELEASE = 500

/**
 * The secret that makes this tab the same person after a reconnect or a reload. Only the server is told.
 *
 * A browser copies the storage of a tab that is duplicated. The copy must be somebody else: two tabs with one id would
 * end each other's connection. So the id is held by a lock as long as the page lives.
 */
export async function claimPersonId() {
  const kept = read(sessionStorage, KEY)
  if (kept && (await lock(kept))) return kept
  const id = newId()
  write(sessionStorage, KEY, id)
  await lock(id)
  return id
}

/** Whether this page has the lock now. Where there are no locks (plain http in a LAN), it is believed. */
async function lock(id) {
  if (!navigator.locks) return true
  return new Promise((resolve) => {
    navigator.locks
      .request(`holdfast ${id}`, { signal: AbortSignal.timeout(RELEASE) }, () => {
        resolve(true)
        // Held until the page is gone.
        return new Promise(() => {})
      })
      .catch(() => resolve(false))
  })
}

// Storage throws where the user has forbidden it. The page then forgets, and works.
function read(storage, key) {
  try {
    return storage.getItem(key) ?? undefined
  } catch {
    return undefined
  }
}

function write(storage, key, value) {
  try {
    storage.setItem(key, value)
  } catch {}
}
