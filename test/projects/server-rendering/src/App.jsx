import { Socket } from 'holdfast'
import { useLatest, useListener, useSend, useSocket, useStatus } from 'holdfast/react'

export function App({ url }) {
  const socket = useSocket(url, () => new Socket(url, { autoOpen: false }))
  const send = useSend(socket)
  useListener(socket, 'open', () => send({ ask: 'starts' }))
  const latest = useLatest(socket, 'json')
  return <output>{`${useStatus(socket)} ${latest?.starts ?? ''}`}</output>
}
