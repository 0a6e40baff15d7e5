import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { build } from 'esbuild'
import type { BrowserContext, Page } from 'playwright'
import type { Peer, Server } from '../support/server.ts'
import type { Client } from './client/page.ts'

declare const client: Client

/** Nothing but the site's own scripts: no eval, no blob, no inline script. */
const CSP =
  "default-src 'none'; script-src 'self'; worker-src 'self'; connect-src ws://127.0.0.1:*; img-src 'self'"

/** How the worker and the pages of a test are set up. */
export interface Setup {
  /** Options of the worker's `Socket`. */
  socket?: object
  /** Whether the worker has a `Session` instead of a `Socket`. */
  session?: boolean
  /** Options of `serveTabs`. */
  serve?: object
  /** Whether the worker gives snapshots: the texts that it has received. */
  snapshot?: boolean
  /** Options of `connectTab`. */
  tab?: object
  /** Runs in the page before everything else. */
  before?: () => void
}

export interface Tab {
  page: Page
  /** The names of the events so far, of those that are asked for. */
  names(...wanted: string[]): Promise<string[]>
  /** The values of an event so far. */
  values<Value>(name: string): Promise<Value[]>
  status(): Promise<string>
  texts(): Promise<string[]>
  send(text: string): Promise<string>
  close(): Promise<void>
}

const bundled = async (file: string) => {
  const { outputFiles } = await build({
    entryPoints: [join(import.meta.dirname, 'client', file)],
    bundle: true,
    format: 'iife',
    target: 'es2022',
    write: false,
    logLevel: 'warning',
  })
  return outputFiles[0]?.text ?? ''
}

/**
 * A site on 127.0.0.1 with a strict policy. Its scripts are `/page.js` and `/worker.js`; `/no-script` is not found, and every
 * other path is a page.
 */
export async function serveSite() {
  const [page, worker] = await Promise.all([bundled('page.ts'), bundled('worker.ts')])
  const html = '<!doctype html><title>A tab</title><script src="/page.js"></script>'
  const server = createServer(({ url = '' }, response) => {
    response.setHeader('content-security-policy', CSP)
    if (url === '/no-script') return response.writeHead(404).end()
    const script = url.startsWith('/page.js') ? page : url.startsWith('/worker.js') ? worker : undefined
    response.setHeader('content-type', script ? 'text/javascript' : 'text/html').end(script ?? html)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`,
    close: () => {
      server.close()
      server.closeAllConnections()
    },
  }
}

/** The worker's script for a server: one worker for all tabs that ask for the same. */
export function workerOf(
  server: Pick<Server, 'url'>,
  { socket, session, serve, snapshot }: Setup = {},
): string {
  const query = new URLSearchParams({ server: server.url })
  if (socket) query.set('socket', JSON.stringify(socket))
  if (session) query.set('session', '')
  if (serve) query.set('serve', JSON.stringify(serve))
  if (snapshot) query.set('snapshot', '')
  return `/worker.js?${query}`
}

/** A tab of that context, connected to the worker of that server. */
export async function openIn(
  context: BrowserContext,
  site: string,
  server: Pick<Server, 'url' | 'answer'>,
  setup: Setup = {},
) {
  server.answer('ping', 'pong')
  const page = await context.newPage()
  if (setup.before) await page.addInitScript(setup.before)
  await page.goto(site)
  await page.evaluate(([worker, url, options]) => client.connect(worker, url, options), [
    workerOf(server, setup),
    server.url,
    setup.tab ?? {},
  ] as const)
  return asTab(page)
}

export const asTab = (page: Page): Tab => ({
  page,
  names: (...wanted) =>
    page.evaluate(
      (only) => client.heard.map(({ name }) => name).filter((name) => only.includes(name)),
      wanted,
    ),
  values: <Value>(wanted: string) =>
    page.evaluate(
      (only) => client.heard.filter(({ name }) => name === only).map(({ value }) => value),
      wanted,
    ) as Promise<Value[]>,
  status: () => page.evaluate(() => client.tab.status),
  texts: () =>
    page.evaluate(() =>
      client.heard.filter(({ name }) => name === 'text').map(({ value }) => value as string),
    ),
  send: (text) => page.evaluate((data) => client.send(data), text),
  close: () => page.close(),
})

/** The next message of a client that is not its heartbeat: a tab that is shown makes the worker ask the server. */
export async function said(peer: Peer | undefined): Promise<string> {
  for (;;) {
    const message = `${await peer?.message()}`
    if (message !== 'ping') return message
  }
}
