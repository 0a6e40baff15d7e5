/** A random id. `crypto.randomUUID` exists on https and localhost only, and the page may be served in a plain LAN. */
export function newId() {
  return Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) =>
    byte.toString(16).padStart(2, '0'),
  ).join('')
}
