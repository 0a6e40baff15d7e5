/**
 * Which server to connect to. `?nodes=8081,8082` names several servers of one room by their ports on this host: after an
 * attempt that did not open, the next one goes to the next server. Only ports, so that a link cannot lead to a stranger's
 * server.
 */
export function serverUrls() {
  const ports = (new URLSearchParams(location.search).get('nodes') ?? '').match(/\b\d{1,5}\b/g) ?? []
  const hosts = ports.length > 0 ? ports.map((port) => `${location.hostname}:${port}`) : [location.host]
  // This page's own server first.
  let current = Math.max(0, hosts.indexOf(location.host))
  let tried = false

  return {
    url() {
      if (tried) current = (current + 1) % hosts.length
      tried = true
      return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${hosts[current]}/chat`
    },
    /** Call it when a connection has opened: the next attempt goes to the same server. */
    opened() {
      tried = false
    },
  }
}
