import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { renderToString } from 'solid-js/web'
import type { Component } from 'svelte'
import { compile } from 'svelte/compiler'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Socket } from '../../src/index.ts'
import { nextTask } from '../support/nextTask.ts'
import { createSocket } from './solid.ts'

const url = 'wss://example.com/'
let constructed = 0

beforeEach(() => {
  constructed = 0
  vi.stubGlobal(
    'WebSocket',
    class extends EventTarget {
      constructor() {
        super()
        constructed++
      }
      close() {}
    },
  )
})
afterEach(() => {
  vi.unstubAllGlobals()
})

test('the recipe for Solid does not connect on a server', async () => {
  const html = renderToString(() => {
    const { status } = createSocket(new Socket(url, { autoOpen: false }))
    return status()
  })
  expect(html).toBe('idle')
  await nextTask()
  expect(constructed).toBe(0)
})

test('the recipe for Svelte does not connect on a server', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-svelte-'))
  try {
    const filename = join(import.meta.dirname, 'Chat.svelte')
    const { js } = compile(await readFile(filename, 'utf8'), { filename, generate: 'server' })
    const outfile = join(folder, 'chat.mjs')
    await build({
      stdin: {
        contents: `${js.code}\nexport { render } from 'svelte/server'`,
        resolveDir: import.meta.dirname,
      },
      outfile,
      bundle: true,
      platform: 'node',
      format: 'esm',
      alias: { holdfast: join(import.meta.dirname, '../../src/index.ts') },
    })
    const server = await import(pathToFileURL(outfile).href)
    const render: typeof import('svelte/server').render = server.render
    const chat: Component<{ url: string }> = server.default
    expect((await render(chat, { props: { url } })).body).toContain('idle')
    await nextTask()
    expect(constructed).toBe(0)
  } finally {
    await rm(folder, { recursive: true })
  }
})
