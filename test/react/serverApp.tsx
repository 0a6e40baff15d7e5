import { StrictMode, Suspense } from 'react'
import { renderToPipeableStream, renderToString } from 'react-dom/server'
import { Socket } from '../../src/index.ts'
import { useLatest, useListener, useSend, useSocket, useStatus } from '../../src/react/index.ts'

export { version } from 'react'

/** Whose request each socket was created for. */
const owners = new WeakMap<Socket<{ n: number }, string>, string>()

/** What a server renders for one request. Every hook is used, in two components that share a socket. */
function App({ url, user }: { url: string; user: string }) {
  const socket = useSocket('app', () => {
    const created = new Socket<{ n: number }, string>(`${url}/${user}`, { autoOpen: false })
    owners.set(created, user)
    return created
  })
  const latest = useLatest(socket, 'json', { perFrame: true })
  const send = useSend(socket)
  useListener(socket, 'json', () => {
    throw new Error('Nothing is received on a server.')
  })
  return (
    <button type="button" onClick={() => send('')}>
      {owners.get(socket)} {useStatus(socket)} {String(latest)}
    </button>
  )
}

let loading = new Set<string>()

/** Suspends until the data of the request is there. */
function Late({ user }: { user: string }) {
  if (!loading.has(user))
    throw new Promise<void>((resolve) => setImmediate(resolve)).then(() => loading.add(user))
  return user
}

const tree = (url: string, user: string) => (
  <StrictMode>
    <App url={url} user={user} />
    <App url={url} user={user} />
  </StrictMode>
)

export const toText = (url: string, user: string) => renderToString(tree(url, user))

/** Streamed, with a part that comes later. */
export function toStream(url: string, user: string, target: NodeJS.WritableStream) {
  loading = new Set()
  const { pipe } = renderToPipeableStream(
    <main>
      {tree(url, user)}
      <Suspense fallback="loading">
        <Late user={user} />
        {tree(url, user)}
      </Suspense>
    </main>,
    { onShellReady: () => pipe(target) },
  )
}
