import { execFile } from 'node:child_process'
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { join, resolve } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import { paths } from './compile.ts'
import { type Block, blocks, pages } from './markdown.ts'

/** Runnable blocks are marked `run`, and the block after them is what they print. */
const runnable = pages().flatMap((page) => {
  const all = blocks(page)
  return all.flatMap((block, index) =>
    block.words.includes('run') ? [{ name: `${page}:${block.line}`, block, prints: all[index + 1] }] : [],
  )
})

const folder = resolve('test/docs/.blocks')
let server: WebSocketServer

/** The server of the examples: it answers pings, requests with an `id`, and sends everything else back. */
beforeAll(async () => {
  mkdirSync(folder, { recursive: true })
  const options = {
    compilerOptions: { target: 'ES2022', module: 'ESNext', moduleResolution: 'Bundler', paths },
  }
  writeFileSync(join(folder, 'tsconfig.json'), JSON.stringify(options))
  server = new WebSocketServer({ port: 0, host: '127.0.0.1' })
  server.on('connection', (socket, { url = '' }) => {
    const token = new URL(url, 'ws://localhost').searchParams.get('token')
    if (token === 'expired') return socket.close(4401, 'the token has expired')
    socket.on('message', (data, isBinary) => {
      if (isBinary) return socket.send(data)
      const text = String(data)
      if (text === 'ping') return socket.send('pong')
      const message = text.startsWith('{') ? JSON.parse(text) : {}
      if (message.type === 'login') return socket.send(JSON.stringify({ type: 'welcome' }))
      if (message.method) return socket.send(JSON.stringify({ id: message.id, result: 42 }))
      socket.send(text)
    })
  })
  await new Promise((done) => server.once('listening', done))
})

afterAll(() => {
  for (const client of server.clients) client.terminate()
  server.close()
  rmSync(folder, { recursive: true, force: true })
})

const run = promisify(execFile)

const source = ({ setup, code }: Block) =>
  `import { WebSocket as FromWs } from 'ws'\nglobalThis.WebSocket ??= FromWs as never\n${setup}\n${code}`.replaceAll(
    'wss://example.com',
    `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
  )

test.each(runnable)('$name prints what the docs say', async ({ name, block, prints }) => {
  const file = join(folder, `${name.replaceAll(/\W/g, '-')}.ts`)
  writeFileSync(file, source(block))
  const { stdout } = await run('node_modules/.bin/tsx', ['--tsconfig', join(folder, 'tsconfig.json'), file])
  expect(stdout.trim()).toBe(prints?.code.trim())
})

test('some examples are run', () => {
  expect(runnable.length).toBeGreaterThan(4)
})
