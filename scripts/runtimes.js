// One conversation with a real server, by the packed build, in every runtime. Prints a table and writes test/runtimes/results.json.
// `npm run runtimes Deno Bun` tries only those, and writes nothing.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium, firefox } from 'playwright'
import { flags } from '../test/support/flags.ts'
import { launchWebkit } from '../test/support/webkit.ts'
import { executable } from './executables.js'
import { PATIENCE, Site } from './site.js'
import { install, pack, run } from './tarball.js'

const home = join(import.meta.dirname, '../test/runtimes')
const inHome = (path) => join(home, 'node_modules', path)
const folder = mkdtempSync(join(tmpdir(), 'holdfast-runtimes-'))

/** The first number with dots in what a program says of its version. */
const version = async (command) => /\d+(\.\d+)+/.exec(await run(command, ['--version']))?.[0]

/** A runtime that is a program: what it is called with before the name of the script. */
const program = (command, args = [], env = {}) => ({
  async try(site) {
    const url = `ws://${site.host}/`
    const output = await run(command, [...args, 'program.mjs', url], {
      cwd: folder,
      env,
      timeout: 5 * PATIENCE,
    })
    return { version: await version(command), ...JSON.parse(output) }
  },
})

const node = (major, ...args) => program(inHome(`node-${major}/bin/node`), args)

/** Runs in a page, and is sent there as text. */
function begin(kind) {
  const options = { type: 'module' }
  const port = {
    page: () => window,
    worker: () => new Worker('/browser.mjs', options),
    SharedWorker: () => new SharedWorker('/browser.mjs', options).port,
  }[kind]()
  port.onmessage = ({ data }) => {
    window.result = data
  }
  if (kind === 'page') import('/browser.mjs')
}

/** A page, a worker and a SharedWorker of one browser. */
const inBrowser = (kind, launch) => ({
  async try(site) {
    const { version, goto, evaluate, close } = await launch()
    try {
      await goto(`http://${site.host}/index.html`)
      await evaluate(`(${begin})('${kind}')`)
      const end = Date.now() + 5 * PATIENCE
      for (;;) {
        const result = await evaluate('window.result ?? null')
        if (result?.error) throw new Error(result.error)
        if (result) return { version, ...result }
        if (Date.now() > end) throw new Error('The page says nothing')
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
    } finally {
      await close()
    }
  },
})

const byPlaywright = (type, options) => async () => {
  const browser = await type.launch(await options())
  const page = await browser.newPage()
  return {
    version: browser.version(),
    goto: (url) => page.goto(url),
    evaluate: (code) => page.evaluate(code),
    close: () => browser.close(),
  }
}

const engines = {
  Chromium: byPlaywright(chromium, async () => ({
    executablePath: await executable('chromium'),
    args: flags,
  })),
  Firefox: byPlaywright(firefox, async () => ({
    executablePath: await executable('firefox'),
    channel: 'moz-firefox',
  })),
  // It runs on Linux only.
  ...(process.platform === 'linux' && {
    WebKitGTK: async () => {
      const page = await launchWebkit()
      return {
        version: page.version,
        goto: page.goto,
        evaluate: (code) => page.run(`return ${code}`),
        close: page.close,
      }
    },
  }),
}

const places = { page: '', worker: ', Worker', SharedWorker: ', SharedWorker' }
const runtimes = {
  ...Object.fromEntries(
    Object.entries(engines).flatMap(([name, launch]) =>
      Object.entries(places).map(([kind, suffix]) => [`${name}${suffix}`, inBrowser(kind, launch)]),
    ),
  ),
  // The one of Node 20 is behind a flag, and nobody has it.
  'Node 20': node(20),
  'Node 22': node(22),
  'Node 24': node(24),
  Bun: program(inHome('.bin/bun')),
  Deno: program(inHome('.bin/deno'), ['run', '--quiet', '--allow-all'], { DENO_NO_UPDATE_CHECK: '1' }),
  'globals of React Native, in Node': node(24, '--import', './react-native.mjs'),
}

/** Echoes; starts the site again when it is told `restart`. Sessions survive that. */
async function serve(name) {
  const { Sessions } = await import(
    pathToFileURL(join(folder, 'node_modules/holdfast/dist/session/server.js')).href
  )
  const sessions = new Sessions({
    authenticate: () => name,
    received: (session, data) => session.send(data),
  })
  const site = new Site(folder, (socket, request) => {
    if (socket.protocol) return sessions.accept(socket, request)
    socket.on('message', async (data, isBinary) => {
      if (isBinary || `${data}` !== 'restart') return socket.send(data, { binary: isBinary })
      await site.stop()
      await site.start()
    })
  })
  await site.start()
  return {
    site,
    close: async () => {
      await site.stop()
      await sessions.shutdown()
    },
  }
}

async function attempt(name) {
  const { site, close } = await serve(name)
  try {
    const result = await runtimes[name].try(site)
    // Both connections have ended with it.
    await site.counts(0)
    return result
  } finally {
    await close()
  }
}

const wanted = process.argv.slice(2)
const names = Object.keys(runtimes).filter((name) => !wanted.length || wanted.includes(name))
const results = []
try {
  // The packages fetch their programs while they are installed.
  if (!existsSync(inHome('.bin/deno')))
    await run('npm', ['install', '--prefer-offline', '--no-package-lock', '--no-audit', '--no-fund'], {
      cwd: home,
    })
  mkdirSync(folder, { recursive: true })
  for (const file of ['conversation.mjs', 'program.mjs', 'browser.mjs', 'react-native.mjs', 'index.html'])
    cpSync(join(home, file), join(folder, file))
  writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }')
  const { devDependencies } = JSON.parse(readFileSync('package.json', 'utf8'))
  await install(folder, await pack(folder), `ws@${devDependencies.ws}`)
  for (const name of names) {
    try {
      const { version, source, passed } = await attempt(name)
      results.push({ name, version, source, passed })
      console.log(`✓ ${name} ${version}, WebSocket: ${source}; ${passed.join(', ')}`)
    } catch (error) {
      console.error(`✗ ${name}\n${error.stdout || ''}${error.stderr || ''}${error.stack}`)
      process.exitCode = 1
    }
  }
  if (!wanted.length && !process.exitCode)
    writeFileSync(join(home, 'results.json'), `${JSON.stringify(results, null, 2)}\n`)
} finally {
  rmSync(folder, { recursive: true })
}
