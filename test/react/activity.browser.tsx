import { Activity, useState } from 'react'
import { flushSync } from 'react-dom'
import { expect } from 'vitest'
import { useListener, useSocket, useStatus } from '../../src/react/index.ts'
import { nextFrame, test } from '../support/counted.ts'
import { render } from './render.ts'

test('a hidden <Activity> closes its connection, and opens one when it is shown again', async ({ line }) => {
  const heard: unknown[] = []
  let show: (shown: boolean) => void = () => {}
  function Child() {
    const socket = useSocket(line.key, line.create)
    useListener(socket, 'json', (value) => heard.push(value))
    return useStatus(socket)
  }
  function Switch() {
    const [shown, setShown] = useState(true)
    show = (value) => flushSync(() => setShown(value))
    return (
      <Activity mode={shown ? 'visible' : 'hidden'}>
        <Child />
      </Activity>
    )
  }
  const { root, text } = render(<Switch />)
  await expect.poll(text).toBe('open')
  await expect.poll(() => heard).toHaveLength(1)
  show(false)
  expect((await line.left()).total).toBe(1)
  await nextFrame()
  show(true)
  await expect.poll(text).toBe('open')
  await expect.poll(() => heard).toEqual([{ hello: 1 }, { hello: 1 }])
  root.unmount()
  expect(await line.left()).toEqual({ total: 2, live: 0, most: 1 })
})
