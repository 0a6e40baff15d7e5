// The packed tarball, used as its users will: linted, installed in an empty project, imported, required, compiled.
import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createContext, runInContext } from 'node:vm'

const root = process.cwd()
const folder = mkdtempSync(join(tmpdir(), 'holdfast-package-'))
const project = join(folder, 'project')
let tarball

const run = (command, args, cwd = root) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

const write = (name, text) => writeFileSync(join(project, name), text)

/** Runs code in the installed project, in a Node that has no WebSocket of its own whatever its version. */
const node = (name, code) => {
  write(name, `delete globalThis.WebSocket\n${code}`)
  run(process.execPath, [name], project)
}

/** Constructs without a WebSocket: the error must be a TypeError that names the cure. */
const complains = `
try {
  new Socket('ws://127.0.0.1/')
} catch (error) {
  if (error instanceof TypeError && /WebSocket/.test(error.message)) process.exit(0)
  throw error
}
throw new Error('Constructing without a WebSocket said nothing.')
`

const consumer = `
import { type Closed, messages, Socket, toText, upload } from 'holdfast'

interface In { type: 'hello'; name: string }
interface Out { name: string }

const socket = new Socket<In, Out>('wss://example.com/', { autoOpen: false, heartbeat: { ping: 'ping', pong: 'pong' } })
const off: () => void = socket.on('json', ({ name }) => name.toUpperCase())
socket.on('closed', ({ code, cause }: Closed) => [code, cause])
const result: 'sent' | 'queued' | 'dropped' = socket.sendJson({ name: 'Ann' })
// @ts-expect-error a message that Out does not allow
socket.sendJson({ nickname: 'Ann' })
// @ts-expect-error no such event
socket.on('opened', off)
export { messages, result, toText, upload }

import { type Recorder, record } from 'holdfast/inspect'

export const recorder: Recorder = record(socket)

import { configured, ReconnectingWebSocket, type WebSocketOptions } from 'holdfast/websocket'

const options: WebSocketOptions = { reopen: false }
export const implementation: typeof WebSocket = configured(options)
export const standing: WebSocket = new ReconnectingWebSocket('wss://example.com/')
`

const checks = {
  'npm pack': () => {
    const [{ filename }] = JSON.parse(
      run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]),
    )
    tarball = join(folder, filename)
  },
  publint: () => run('npx', ['publint', tarball, '--strict']),
  // The resolution of Node 10 knows no entries beside the main one.
  attw: () => run('npx', ['attw', tarball, '--format', 'ascii', '--profile', 'node16']),
  'installs in an empty project': () => {
    mkdirSync(project)
    write('package.json', JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
    run(
      'npm',
      ['install', '--ignore-scripts', '--prefer-offline', '--no-audit', '--no-fund', tarball],
      project,
    )
  },
  'import in Node without a WebSocket': () => {
    node('import.mjs', `const { Socket } = await import('holdfast')\n${complains}`)
  },
  'require in Node without a WebSocket': () => {
    node('require.cjs', `const { Socket } = require('holdfast')\n${complains}`)
  },
  'the drop-in imported and required': () => {
    const constructs = `
if (ReconnectingWebSocket.OPEN !== 1) throw new Error('No constants')
try { new ReconnectingWebSocket('ws://127.0.0.1/') } catch (error) { if (error instanceof TypeError) process.exit(0) }
throw new Error('Constructing without a WebSocket said nothing.')`
    node(
      'websocket.mjs',
      `const { ReconnectingWebSocket } = await import('holdfast/websocket')\n${constructs}`,
    )
    node('websocket.cjs', `const { ReconnectingWebSocket } = require('holdfast/websocket')\n${constructs}`)
  },
  'a script tag sets Holdfast': () => {
    const context = createContext({ DOMException, URL, Event, EventTarget })
    // A page has neither `module` nor `exports` nor `define`.
    for (const file of ['holdfast.umd.min.js', 'websocket.umd.min.js', 'inspect.umd.min.js'])
      runInContext(readFileSync(join(project, 'node_modules/holdfast/dist', file), 'utf8'), context)
    for (const name of ['Socket', 'ReconnectingWebSocket', 'record']) {
      const kind = runInContext(`typeof Holdfast.${name}`, context)
      if (kind !== 'function') throw new Error(`Holdfast.${name} is ${kind}`)
    }
  },
  ...Object.fromEntries(
    [
      ['NodeNext', 'consumer.mts'],
      ['NodeNext', 'consumer.cts'],
      ['Bundler', 'consumer.ts'],
    ].map(([resolution, file]) => [`types of ${file} under ${resolution}`, () => compile(resolution, file)]),
  ),
}

function compile(resolution, file) {
  write(file, consumer)
  const compilerOptions = {
    module: resolution === 'Bundler' ? 'ESNext' : resolution,
    moduleResolution: resolution,
    target: 'ES2022',
    lib: ['ES2022', 'DOM'],
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noEmit: true,
  }
  write('tsconfig.json', JSON.stringify({ compilerOptions, files: [file] }))
  run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', project])
}

try {
  for (const [name, check] of Object.entries(checks)) {
    try {
      check()
      console.log(`✓ ${name}`)
    } catch (error) {
      // What a command has said is its finding; the stack is ours.
      console.error(`✗ ${name}\n${error.stdout || error.stderr || error.stack}`)
      process.exitCode = 1
      break
    }
  }
} finally {
  rmSync(folder, { recursive: true })
}
