/**
 * Where to dial. With `?nodes=8081,8082` there are several servers of one room, on these ports of this host: a try that
 * opened nothing makes the next one go to the next of them. Ports only, so that a link cannot lead to a stranger's server.
 */
export function nodes() {
  const ports = (new URLSearchParams(location.search).get('nodes') ?? '').match(/\b\d{1,5}\b/g) ?? []
  const hosts = ports.length > 0 ? ports.map((port) => `${location.hostname}:${port}`) : [location.host]
  // This page's own server first.
  let at = Math.max(0, hosts.indexOf(location.host))
  let tried = false

  return {
    url() {
      if (tried) at = (at + 1) % hosts.length
      tried = true
      return `${location.protocol === 'https:' ? 'wss' : 'ws'}://${hosts[at]}/chat`
    },
    /** The last one was right. */
    opened() {
      tried = false
    },
  }
}
