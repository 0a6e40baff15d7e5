import { newId } from './id.js'

/** What this browser calls its user, over visits. */
export const nickname = {
  get: () => read(localStorage, 'holdfast name'),
  set: (name) => write(localStorage, 'holdfast name', name),
}

/** Whether this browser's user wants nothing lost; wanted until they say otherwise. */
export const guarantee = {
  get: () => read(localStorage, 'holdfast guarantee') !== 'off',
  set: (on) => write(localStorage, 'holdfast guarantee', on ? 'on' : 'off'),
}

/** Makes this tab the same person after a reconnect or a reload. Only the server is told. */
export const session = read(sessionStorage, 'holdfast session') ?? newId()
write(sessionStorage, 'holdfast session', session)

// Storage throws where the user has forbidden it; the page then forgets, and works.
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
