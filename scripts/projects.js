// Fresh projects that use the packed tarball: built, opened in Chromium, and taken through a restart of their server.
// `npm run projects webpack page` tries only those.
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer } from 'node:http'
import { tmpdir } from 'node:os'
import { extname, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright'
import { WebSocketServer } from 'ws'
import { flags } from '../test/support/flags.ts'
import { executable } from './executables.js'
import { install, pack, run } from './tarball.js'

/** Whatever a busy machine needs. */
const PATIENCE = 120_000

/** By the name of their folder: which folder is served, and how many connections each page makes. */
const projects = {
  'vite-react': { served: 'dist', pages: { 'index.html': 2 } },
  'vite-vue': { served: 'dist', pages: { 'index.html': 1 } },
  webpack: { served: '.', pages: { 'index.html': 2 } },
  page: { served: '.', pages: { 'index.html': 4, 'modules.html': 4 } },
  'server-rendering': { served: 'dist', pages: { 'index.html': 1 } },
}

const types = { '.html': 'text/html', '.js': 'text/javascript', '.css': 'text/css' }

/** Serves the files of a folder, and at every URL a WebSocket that says how many times the server was started. */
class Site {
  starts = 0
  /** How many connections were made since the first start. */
  connections = 0
  #port = 0

  constructor(folder, Sessions) {
    this.folder = folder
    this.Sessions = Sessions
  }

  get host() {
    return `127.0.0.1:${this.#port}`
  }

  get open() {
    return this.sockets.clients.size
  }

  async start() {
    this.starts++
    const answer = JSON.stringify({ starts: this.starts })
    this.server = createServer((request, response) => this.#serve(request, response))
    this.sockets = new WebSocketServer({ server: this.server })
    this.sessions = new this.Sessions({
      authenticate: () => 'anybody',
      received: (session) => session.send(answer),
    })
    this.sockets.on('connection', (socket, request) => {
      this.connections++
      if (socket.protocol) this.sessions.accept(socket, request)
      else socket.on('message', () => socket.send(answer))
    })
    this.server.listen(this.#port, '127.0.0.1')
    await once(this.server, 'listening')
    this.#port = this.server.address().port
  }

  async stop() {
    for (const socket of this.sockets.clients) socket.terminate()
    this.sockets.close()
    this.server.close()
    this.server.closeAllConnections()
    await once(this.server, 'close')
    await this.sessions.shutdown()
  }

  /** A strict policy: nothing inline, nothing evaluated, and only this very host. */
  #serve({ url }, response) {
    const { pathname } = new URL(url, `http://${this.host}`)
    const file = join(this.folder, pathname)
    if (!existsSync(file) || !types[extname(file)]) return response.writeHead(404).end()
    response.setHeader('content-security-policy', `default-src 'self'`)
    response.setHeader('content-type', types[extname(file)]).end(readFileSync(file))
  }
}

async function until(what, holds) {
  const end = Date.now() + PATIENCE
  while (!holds()) {
    assert.ok(Date.now() < end, `Not in ${PATIENCE} ms: ${what()}`)
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

/** Opens a page, restarts its server, and closes it. */
async function visit(browser, site, page, count) {
  const context = await browser.newContext()
  const tab = await context.newPage()
  const errors = []
  tab.on('pageerror', (error) => errors.push(error))
  await tab.addInitScript(() =>
    addEventListener('securitypolicyviolation', ({ violatedDirective, blockedURI }) => {
      throw new Error(`The policy of the page forbids ${blockedURI} (${violatedDirective})`)
    }),
  )
  const allShow = async () => {
    const shown = tab.locator('output', { hasText: `open ${site.starts}` })
    try {
      await shown.nth(count - 1).waitFor({ timeout: PATIENCE })
    } catch (error) {
      const texts = await tab.locator('output').allTextContents()
      throw new AggregateError([error, ...errors], `The page shows ${JSON.stringify(texts)}; ${errors}`)
    }
    await until(
      () => `${count} connections; there are ${site.open}`,
      () => site.open === count,
    )
  }
  try {
    await tab.goto(`http://${site.host}/${page}`)
    await allShow()
    await site.stop()
    await site.start()
    await allShow()
    assert.deepEqual(errors, [])
    await tab.close()
    await until(
      () => `no connections; there are ${site.open}`,
      () => site.open === 0,
    )
  } finally {
    await context.close()
  }
}

async function tryProject(name, folder, tarball, browser) {
  const { served, pages } = projects[name]
  const project = join(folder, name)
  cpSync(join(import.meta.dirname, '../test/projects', name), project, { recursive: true })
  await install(project, tarball)
  const { Sessions } = await import(
    pathToFileURL(join(project, 'node_modules/holdfast/dist/session/server.js')).href
  )
  const site = new Site(join(project, served), Sessions)
  await site.start()
  try {
    const env = { SERVER: `ws://${site.host}/` }
    await run('npm', ['run', 'build', '--if-present'], { cwd: project, env })
    assert.equal(site.connections, 0, 'Something connected while the project was built.')
    for (const [page, count] of Object.entries(pages)) await visit(browser, site, page, count)
  } finally {
    await site.stop()
  }
}

const wanted = process.argv.slice(2)
const folder = mkdtempSync(join(tmpdir(), 'holdfast-projects-'))
const browser = await chromium.launch({ executablePath: await executable('chromium'), args: flags })
try {
  const tarball = await pack(folder)
  for (const name of Object.keys(projects)) {
    if (wanted.length && !wanted.includes(name)) continue
    try {
      await tryProject(name, folder, tarball, browser)
      console.log(`✓ ${name}`)
    } catch (error) {
      console.error(`✗ ${name}\n${error.stdout || ''}${error.stderr || ''}${error.stack}`)
      process.exitCode = 1
    }
  }
} finally {
  await browser.close()
  rmSync(folder, { recursive: true })
}
