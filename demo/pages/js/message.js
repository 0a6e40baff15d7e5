import { readPicture } from './picture.js'

/** The room of a cursor, and the number of the message in it. */
export function readCursor(cursor) {
  const [room, since] = cursor.split(':')
  return { room, since: Number(since) }
}

/** Reads a message of the server. A message of the topic has its number in its cursor, and not in its text. */
export function readMessage({ data, lastEventId }) {
  const message = typeof data === 'string' ? JSON.parse(data) : readPicture(data)
  return lastEventId ? { ...message, seq: readCursor(lastEventId).since } : message
}
