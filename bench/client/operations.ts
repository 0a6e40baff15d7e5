import { type Kind, payload } from '../payload.ts'
import { type Line, peers } from './peers.ts'

/** A line that was opened, and what has come over it. */
interface Entry {
  line: Line
  kind: Kind
  heard: number
  /** Told at every message, while somebody waits. */
  wanted: number
  reached: () => void
}

const entries = new Map<string, Entry>()

/** Finds a line; a misspelt key is a bug of the bench. */
function entry(key: string): Entry {
  const found = entries.get(key)
  if (!found) throw new Error(`No line ${key}`)
  return found
}

/** Opens a connection under a key. Returns the ms that it took. */
export function open(peer: string, key: string, url: string, kind: Kind): Promise<number> {
  return new Promise((resolve) => {
    const start = performance.now()
    const made: Entry = { line: { send() {}, close() {} }, kind, heard: 0, wanted: Infinity, reached() {} }
    const message = () => {
      if (++made.heard >= made.wanted) made.reached()
    }
    const opened = () => resolve(performance.now() - start)
    const opener = peers[peer]
    if (!opener) throw new Error(`No peer ${peer}`)
    made.line = opener(`${url}?key=${encodeURIComponent(key)}&kind=${kind}`, kind, { opened, message })
    entries.set(key, made)
  })
}

/** Opens and closes so many connections, one after the other. Returns the ms that each took to open. */
export async function connects(peer: string, key: string, url: string, count: number): Promise<number[]> {
  const times: number[] = []
  for (let i = 0; i < count; i++) {
    times.push(await open(peer, key, url, 'text'))
    close(key)
  }
  return times
}

export function close(key: string): void {
  entry(key).line.close()
  entries.delete(key)
}

/** Resolves once so many messages have come in all. */
export function heard(key: string, total: number): Promise<void> {
  const line = entry(key)
  return new Promise((resolve) => {
    line.reached = () => {
      line.wanted = Infinity
      resolve()
    }
    line.wanted = total
    if (line.heard >= total) line.reached()
  })
}

/** Sends so many messages in one go. Returns the ms that the loop took. */
export function send(key: string, count: number): number {
  const { line, kind } = entry(key)
  const value = payload[kind]
  const start = performance.now()
  for (let i = 0; i < count; i++) line.send(value)
  return performance.now() - start
}

/** Sends a message, waits for the echo, and so on. Returns the ms of each. */
export async function roundTrips(key: string, count: number): Promise<number[]> {
  const line = entry(key)
  const times: number[] = []
  for (let i = 0; i < count; i++) {
    const start = performance.now()
    const back = heard(key, line.heard + 1)
    line.line.send(payload[line.kind])
    await back
    times.push(performance.now() - start)
  }
  return times
}
