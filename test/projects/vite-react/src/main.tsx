import { Socket, type SocketLike } from 'holdfast'
import { useLatest, useListener, useSend, useSocket, useStatus } from 'holdfast/react'
import { connectTab } from 'holdfast/tabs'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'

interface FromServer {
  starts: number
}
interface ToServer {
  ask: 'starts'
}
type Feed = SocketLike<FromServer, ToServer>

const create = () => new Socket<FromServer, ToServer>(`ws://${location.host}/`, { autoOpen: false })

const join = () =>
  connectTab<FromServer, ToServer>(
    () => new SharedWorker(new URL('./worker.ts', import.meta.url), { type: 'module' }),
    { fallback: create, autoOpen: false },
  )

function Connection({ name, start }: { name: string; start: () => Feed }) {
  const socket = useSocket(name, start)
  const send = useSend(socket)
  useListener(socket, 'open', () => send({ ask: 'starts' }))
  const latest = useLatest(socket, 'json')
  return (
    <output>
      {useStatus(socket)} {latest?.starts}
    </output>
  )
}

const root = document.getElementById('app')
if (!root) throw new Error('The page has no #app')
createRoot(root).render(
  <StrictMode>
    <Connection name="page" start={create} />
    <Connection name="tabs" start={join} />
  </StrictMode>,
)
