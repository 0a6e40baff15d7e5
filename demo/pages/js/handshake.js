import { byId, make, scrollable } from './dom.js'

const telling = /^(upgrade|connection|sec-websocket-|origin|host)/i

/** The request as it came to the server, and the answer that it gave: a browser tells its script neither. */
export function showHandshake({ method, url, headers, response }) {
  const asked = Object.entries(headers).map(([name, value]) => `${capital(name)}: ${value}`)
  const lines = [`${method} ${url} HTTP/1.1`, ...asked, '', ...response]
  const text = byId('handshake-text')
  scrollable(text.parentElement)
  text.replaceChildren(
    ...lines.map((line) => make('span', { class: telling.test(line) ? 'telling' : '' }, `${line}\n`)),
  )
}

/** Node gives header names in lower case; the browser did not write them so. */
const capital = (name) =>
  name.replace(/(^|-)\w/g, (letter) => letter.toUpperCase()).replace('Websocket', 'WebSocket')
