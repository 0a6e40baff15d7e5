/**
 * Since Chrome 147 a page on a public address that dials a private or loopback address stays CONNECTING until the user has
 * answered a prompt. https://wicg.github.io/local-network-access/
 */

/** `127.0.0.0/8`, `::1`, `localhost`. */
const LOOPBACK = /^(localhost|.+\.localhost|127\.\d+\.\d+\.\d+|\[::1\])$/
/** RFC 1918, link-local and unique local addresses, and names of multicast DNS. */
const PRIVATE =
  /^(10\.\d+\.\d+\.\d+|192\.168\.\d+\.\d+|172\.(1[6-9]|2\d|3[01])\.\d+\.\d+|169\.254\.\d+\.\d+|\[f[cd].*\]|\[fe[89ab].*\]|.+\.local)$/

/** The host of an absolute URL as browsers write it. `new URL` takes several times as long, and this runs for every attempt. */
const HOST = /^wss?:\/\/(?:[^/@]*@)?(\[.*?\]|[^/:]+)/

/** The names of the permission, newest first: which of them a browser knows depends on its version. */
function permissionNames(host: string | undefined): string[] {
  if (host === undefined) return []
  if (LOOPBACK.test(host)) return ['loopback-network', 'local-network-access']
  return PRIVATE.test(host) ? ['local-network', 'local-network-access'] : []
}

/** Permissions that this page does not need: it has opened a connection to such an address although the user was not asked. */
const unneededPermissions = new Set<string | undefined>()

const permissionNamesOf = (url: string) => permissionNames(HOST.exec(url)?.[1])

/** A connection to this URL was opened although the user was never asked: the page needs no permission for such addresses. */
export function openedWithoutPermission(url: string): void {
  unneededPermissions.add(permissionNamesOf(url)[0])
}

/** Whether the page itself has a private or loopback address, as far as its URL says. */
export function isLocalPage(): boolean {
  return permissionNames(globalThis.location?.hostname).length > 0
}

/**
 * The permission that dialling this URL needs, where there is one. `undefined`: it needs none, which is known at once.
 *
 * @param url the `url` of a native socket
 */
export function localNetworkPermission(url: string): Promise<PermissionStatus | undefined> | undefined {
  const names = permissionNamesOf(url)
  if (!names.length || unneededPermissions.has(names[0])) return undefined
  const permissions = globalThis.navigator?.permissions
  return permissions && queryFirst(permissions, names)
}

async function queryFirst(permissions: Permissions, names: string[]): Promise<PermissionStatus | undefined> {
  for (const name of names) {
    try {
      return await permissions.query({ name: name as PermissionName })
    } catch {
      // This browser does not know the name.
    }
  }
  return undefined
}
