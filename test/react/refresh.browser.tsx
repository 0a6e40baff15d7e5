// Before React: it looks for developer tools only when it is loaded.
import './refresh.ts'

import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { expect } from 'vitest'
import { useListener, useSocket, useStatus } from '../../src/react/index.ts'
import { type Line, test } from '../support/counted.ts'
import { nextTask } from '../support/nextTask.ts'
import { type Component, refresh } from './refresh.ts'

/** A component as a developer edits it: another function, the same hooks. */
const version = (line: Line, name: string, heard: unknown[]): Component =>
  function Edited() {
    const socket = useSocket(line.key, line.create)
    useListener(socket, 'json', (value) => heard.push([name, value]))
    return `${name} ${useStatus(socket)}`
  }

test.for(['keeps its state', 'is mounted anew'] as const)(
  'a hot reload, after which the component %s, keeps the connection',
  async (how, { line }) => {
    const heard: unknown[] = []
    const First = version(line, 'first', heard)
    const container = document.createElement('div')
    const root = createRoot(container)
    root.render(
      <StrictMode>
        <First />
      </StrictMode>,
    )
    await expect.poll(() => container.textContent).toBe('first open')
    refresh(First, version(line, 'second', heard), how === 'keeps its state')
    expect(container.textContent).toBe('second open')
    await nextTask()
    await nextTask()
    expect(container.textContent).toBe('second open')
    heard.length = 0
    line.dispatch('{"text":"hi"}')
    expect(heard).toEqual([['second', { text: 'hi' }]])
    root.unmount()
    expect((await line.left()).total).toBe(1)
    expect(line.constructed()).toBe(1)
  },
)
