import { byId, make, scrollable } from './dom.js'

const important = /^(upgrade|connection|sec-websocket-|origin|host)/i

/** Shows the upgrade request as the server received it, and its response. Scripts in a browser can see neither. */
export function showHandshake({ method, url, headers, response }) {
  const asked = Object.entries(headers).map(([name, value]) => `${capital(name)}: ${value}`)
  const lines = [`${method} ${url} HTTP/1.1`, ...asked, '', ...response]
  const text = byId('handshake-text')
  scrollable(text.parentElement)
  text.replaceChildren(
    ...lines.map((line) => make('span', { class: important.test(line) ? 'important' : '' }, `${line}\n`)),
  )
}

/** Node gives header names in lower case. The browser capitalizes them. */
const capital = (name) =>
  name.replace(/(^|-)\w/g, (letter) => letter.toUpperCase()).replace('Websocket', 'WebSocket')
