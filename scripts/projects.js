// Fresh projects that use the packed tarball: built, opened in Chromium, and taken through a restart of their server.
// `npm run projects webpack page` tries only those.
import assert from 'node:assert/strict'
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { chromium } from 'playwright'
import { flags } from '../test/support/flags.ts'
import { executable } from './executables.js'
import { PATIENCE, Site } from './site.js'
import { install, pack, run } from './tarball.js'

/** By the name of their folder: which folder is served, and how many connections each page makes. */
const projects = {
  'vite-react': { served: 'dist', pages: { 'index.html': 2 } },
  'vite-vue': { served: 'dist', pages: { 'index.html': 1 } },
  webpack: { served: '.', pages: { 'index.html': 2 } },
  page: { served: '.', pages: { 'index.html': 4, 'modules.html': 4 } },
  'server-rendering': { served: 'dist', pages: { 'index.html': 1 } },
}

/** Nothing inline, nothing evaluated, and only this very host. */
const policy = { 'content-security-policy': `default-src 'self'` }

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
    await site.counts(count)
  }
  try {
    await tab.goto(`http://${site.host}/${page}`)
    await allShow()
    await site.stop()
    await site.start()
    await allShow()
    assert.deepEqual(errors, [])
    await tab.close()
    await site.counts(0)
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
  /** By the number of the start: a server that is started again knows no sessions. */
  const sessions = new Map()
  const accept = (socket, request, starts) => {
    const answer = JSON.stringify({ starts })
    if (!socket.protocol) return socket.on('message', () => socket.send(answer))
    const received = (session) => session.send(answer)
    if (!sessions.has(starts)) sessions.set(starts, new Sessions({ authenticate: () => 'anybody', received }))
    sessions.get(starts).accept(socket, request)
  }
  const site = new Site(join(project, served), accept, policy)
  await site.start()
  try {
    const env = { SERVER: `ws://${site.host}/` }
    await run('npm', ['run', 'build', '--if-present'], { cwd: project, env })
    assert.equal(site.connections, 0, 'Something connected while the project was built.')
    for (const [page, count] of Object.entries(pages)) await visit(browser, site, page, count)
  } finally {
    await site.stop()
    for (const each of sessions.values()) await each.shutdown()
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
