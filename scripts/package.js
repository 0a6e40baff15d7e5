// The packed tarball, used as its users will: linted, installed in an empty project, imported, required, compiled.
import { execFileSync } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createContext, runInContext } from 'node:vm'

const root = process.cwd()
const folder = mkdtempSync(join(tmpdir(), 'holdfast-package-'))
const project = join(folder, 'project')
let tarball
const compilerFolder = join(root, 'test/package/compilers')
const compilers = Object.keys(
  JSON.parse(readFileSync(join(compilerFolder, 'package.json'), 'utf8')).dependencies,
)
const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
/** The UMD files that a page loads after the core's. */
const umdNames = ['websocket', 'session', 'tabs', 'inspect']

const run = (command, args, cwd = root) =>
  execFileSync(command, args, { cwd, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })

const write = (name, text) => writeFileSync(join(project, name), text)

/** Runs code in the installed project, in a Node that has no WebSocket of its own whatever its version. */
const node = (name, code) => {
  write(name, `delete globalThis.WebSocket\n${code}`)
  run(process.execPath, [name], project)
}

/** Constructs without a WebSocket: that is fine on a server, and the attempt says what is missing. */
const constructs = `
const socket = new Socket('ws://127.0.0.1/')
const { cause, reason } = await new Promise((resolve) => socket.on('closed', resolve))
if (cause !== 'refused' || !/option WebSocket/.test(reason)) throw new Error(cause + ': ' + reason)
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

import { type Outcomes, Session } from 'holdfast/session'

export const session: Session<In, Out> = new Session<In, Out>('wss://example.com/', { autoOpen: false })
session.on('ended', (outcomes: Outcomes) => outcomes.unknown.length)

import { MemoryStore, type ServerSession, type ServerSocket, Sessions } from 'holdfast/session/server'

export const sessions = new Sessions({
  store: new MemoryStore(),
  authenticate: () => 'Ann',
  received: (each: ServerSession, data: string | Uint8Array) => each.send(data),
})
export const accept = (socket: ServerSocket) =>
  sessions.accept(socket, { url: '/', headers: { host: 'example.com' } })

import { type RedisClient, RedisStore } from 'holdfast/session/redis'

export const store = (client: RedisClient) => new Sessions({ store: new RedisStore(client), authenticate: () => 'Ann' })

import { connectTab, serveTabs, type TabServer } from 'holdfast/tabs'

export const server: TabServer = serveTabs(socket)
export const tab = connectTab<In, Out>(() => new SharedWorker('worker.js'), { fallback: () => socket })
tab.sendJson({ name: 'Ann' })

import { type FakeClient, FakeServer } from 'holdfast/testing'

export const fake = new FakeServer('wss://example.com/', { onConnection: (client: FakeClient) => client.say('hello') })
`

/** A file of its own, because the types of Vue need a newer compiler than ours do. */
const bindings = `
import { Socket } from 'holdfast'
import * as react from 'holdfast/react'
import * as vue from 'holdfast/vue'

const socket = new Socket<{ name: string }, { text: string }>('wss://example.com/', { autoOpen: false })

export function Component(): string | undefined {
  const mine = react.useSocket('key', () => socket)
  react.useSend(mine)({ text: 'hello' })
  // @ts-expect-error a message that Out does not allow
  react.useSend(mine)({ name: 'Ann' })
  return react.useLatest(mine, 'json')?.name
}

export function setup(): string | undefined {
  const mine = vue.useSocket('key', () => socket)
  vue.useSend(mine)({ text: 'hello' })
  // @ts-expect-error a message that Out does not allow
  vue.useSend(mine)({ name: 'Ann' })
  return vue.useLatest(mine, 'json').value?.name
}
`

const checks = {
  'npm pack': () => {
    const [{ filename }] = JSON.parse(
      run('npm', ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]),
    )
    tarball = join(folder, filename)
  },
  publint: () => run('npx', ['publint', tarball, '--strict']),
  attw: () => run('npx', ['attw', tarball, '--format', 'ascii', '--profile', 'node16']),
  'installs in an empty project': () => {
    mkdirSync(project)
    write('package.json', JSON.stringify({ name: 'consumer', private: true, type: 'module' }))
    run(
      'npm',
      [
        'install',
        '--ignore-scripts',
        '--prefer-offline',
        '--no-audit',
        '--no-fund',
        tarball,
        ...['vue', '@types/react'].map((name) => `${name}@${devDependencies[name]}`),
      ],
      project,
    )
  },
  'import in Node without a WebSocket': () => {
    node('import.mjs', `const { Socket } = await import('holdfast')\n${constructs}`)
  },
  'require in Node without a WebSocket': () => {
    node('require.cjs', `const { Socket } = require('holdfast')\n;(async () => {${constructs}})()`)
  },
  'required as webpack does it, which gives an ES module to `require` where a package has one': () => {
    run(process.execPath, ['--conditions=module', 'require.cjs'], project)
  },
  'the drop-in imported and required': () => {
    const complains = `
if (ReconnectingWebSocket.OPEN !== 1) throw new Error('No constants')
try { new ReconnectingWebSocket('ws://127.0.0.1/') } catch (error) { if (error instanceof TypeError) process.exit(0) }
throw new Error('Constructing without a WebSocket said nothing.')`
    node(
      'websocket.mjs',
      `const { ReconnectingWebSocket } = await import('holdfast/websocket')\n${complains}`,
    )
    node('websocket.cjs', `const { ReconnectingWebSocket } = require('holdfast/websocket')\n${complains}`)
  },
  'a Session is a Socket, imported and required': () => {
    const isOne = `
if (!(new Session('ws://127.0.0.1/', { autoOpen: false }) instanceof Socket)) throw new Error('Two copies of the core')`
    node(
      'session.mjs',
      `import { Socket } from 'holdfast'\nimport { Session } from 'holdfast/session'\n${isOne}`,
    )
    node(
      'session.cjs',
      `const { Socket } = require('holdfast')\nconst { Session } = require('holdfast/session')\n${isOne}`,
    )
  },
  'the fake server imported and required': () => {
    const connects = `
const server = new FakeServer()
new server.WebSocket(server.url).onopen = ({ target }) => { target.send('hello') }
server.heard('hello').then(() => process.exit(0))`
    node('testing.mjs', `const { FakeServer } = await import('holdfast/testing')\n${connects}`)
    node('testing.cjs', `const { FakeServer } = require('holdfast/testing')\n${connects}`)
  },
  'script tags add to one global Holdfast': () => {
    const context = createContext({ DOMException, URL, Event, EventTarget })
    // A page has neither `module` nor `exports` nor `define`.
    for (const name of ['holdfast', ...umdNames])
      runInContext(
        readFileSync(join(project, `node_modules/holdfast/dist/${name}.umd.min.js`), 'utf8'),
        context,
      )
    for (const name of ['Socket', 'ReconnectingWebSocket', 'Session', 'connectTab', 'record']) {
      const kind = runInContext(`typeof Holdfast.${name}`, context)
      if (kind !== 'function') throw new Error(`Holdfast.${name} is ${kind}`)
    }
    const tab = `Holdfast.connectTab(() => {}, { fallback: () => new Holdfast.Socket('ws://127.0.0.1/', { autoOpen: false }) })`
    // A page has no SharedWorker in this context, and later one that does nothing.
    if (!runInContext(`${tab} instanceof Holdfast.Socket`, context)) throw new Error('No fallback')
    const isIdle = `globalThis.SharedWorker = class {}; Holdfast.connectTab(() => {}, { fallback: () => null, autoOpen: false }).status`
    if (runInContext(isIdle, context) !== 'idle') throw new Error('connectTab does not work in a page')
    const isOne = `new Holdfast.Session('ws://127.0.0.1/', { autoOpen: false }) instanceof Holdfast.Socket`
    if (!runInContext(isOne, context)) throw new Error('The UMD file of the session has a copy of the core')
  },
  'the ES modules for pages import nothing from elsewhere': () => {
    const folder = join(project, 'node_modules/holdfast/dist/browser')
    for (const file of readdirSync(folder, { recursive: true }).filter((name) => name.endsWith('.js'))) {
      const [, from] =
        /(?:from|import)\s*["']([^."'][^"']*)["']/.exec(readFileSync(join(folder, file), 'utf8')) ?? []
      if (from) throw new Error(`${file} imports ${from}`)
    }
  },
  'the compilers': installCompilers,
  ...Object.fromEntries(
    resolutions().map(([compiler, resolution, file]) => [
      `types under ${compiler}, ${resolution}, ${file}`,
      () => compile(compiler, resolution, file),
    ]),
  ),
}

/** Every version of the compiler that the published types are for, with every way in which it resolves packages. */
function resolutions() {
  const ways = [
    ['Bundler', 'consumer.ts'],
    ['Node16', 'consumer.mts'],
    ['Node16', 'consumer.cts'],
    ['Node', 'consumer.ts'],
  ]
  return compilers.flatMap((compiler) =>
    // TypeScript 7 has no `node` any more.
    ways
      .filter(([resolution]) => resolution !== 'Node' || compiler !== 'typescript-7')
      .map((way) => [compiler, ...way]),
  )
}

function compile(compiler, resolution, file) {
  const texts = { [file]: consumer }
  // The types of Vue 3.5 need TypeScript 5.4.
  if (compiler !== 'typescript-5.0') texts[file.replace('consumer', 'bindings')] = bindings
  for (const [name, text] of Object.entries(texts)) write(name, text)
  const compilerOptions = {
    module: { Bundler: 'ESNext', Node: 'CommonJS' }[resolution] ?? resolution,
    moduleResolution: resolution,
    target: 'ES2022',
    lib: ['ES2022', 'DOM'],
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    skipLibCheck: false,
    noEmit: true,
    // TypeScript 6 warns that `node` will go.
    ...(resolution === 'Node' && compiler === 'typescript-6' ? { ignoreDeprecations: '6.0' } : {}),
  }
  write('tsconfig.json', JSON.stringify({ compilerOptions, files: Object.keys(texts) }))
  const home = join(compilerFolder, 'node_modules', compiler)
  const { bin } = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8'))
  run(process.execPath, [join(home, bin.tsc), '-p', project])
}

/** Installs the compilers in a folder of their own, where they are missing. */
function installCompilers() {
  if (compilers.every((name) => existsSync(join(compilerFolder, 'node_modules', name)))) return
  run('npm', ['ci', '--prefer-offline', '--no-audit', '--no-fund'], compilerFolder)
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
