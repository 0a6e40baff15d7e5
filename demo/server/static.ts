import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { bundle } from './bundle.ts'

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.txt': 'text/plain; charset=utf-8',
  '.woff2': 'font/woff2',
}
const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const pages = folder('../pages')
const chart = folder('../../node_modules/uplot/dist')
const builtDocs = folder('../../docs/.vitepress/dist')

/** Addresses without a file extension. */
const shortPaths: Record<string, string> = {
  '/': '/index.html',
  '/compare': '/compare.html',
  '/scenarios': '/scenarios.html',
  '/tabs': '/tabs.html',
}

export interface Found {
  type: string
  body: Buffer
}

/**
 * Finds a file of the pages, of the library or of the chart library. A path consists of plain names, none of which
 * starts with a dot, so it cannot lead out of its folder.
 */
export async function findFile(pathname: string): Promise<Found | undefined> {
  const path = shortPaths[pathname] ?? pathname
  if (!/^(\/\w[\w.-]*)+$/.test(path)) return undefined
  const type = types[extname(path)]
  if (!type) return undefined
  const [, first = '', rest = ''] = /^\/(holdfast|uplot)\/(.*)/.exec(path) ?? []
  if (first === 'holdfast') {
    const body = (await bundle()).get(rest)
    return body && { type, body }
  }
  const body = await readFile(first === 'uplot' ? join(chart, rest) : join(pages, path)).catch(
    () => undefined,
  )
  if (!body) return undefined
  return { type, body: path.endsWith('.html') ? await withHeader(body, pathname) : body }
}

/** All pages have the same header: it stands in `parts/header.html`, and the link to the page itself is marked. */
async function withHeader(page: Buffer, pathname: string): Promise<Buffer> {
  const header = await readFile(join(pages, 'parts/header.html'), 'utf8')
  const current = pathname === '/index.html' ? '/' : pathname.replace(/\.html$/, '')
  const marked = header.replace(`<a href="${current}">`, `<a href="${current}" aria-current="page">`)
  return Buffer.from(page.toString().replace('<!-- header -->', marked.trim()))
}

/** Finds a page of the built documentation, or a page that says how to build it. `pathname` starts with `/docs/`. */
export async function findDocs(pathname: string): Promise<Found | undefined> {
  const path = decodePath(pathname.slice('/docs'.length))
  // VitePress names some files after `@…` modules.
  if (path === undefined || !/^(\/[\w@][\w.@~-]*)*\/?$/.test(path)) return undefined
  const candidates = path.endsWith('/') ? [`${path}index.html`] : [path, `${path}.html`]
  for (const candidate of candidates) {
    const type = types[extname(candidate)]
    const body = type && (await readFile(join(builtDocs, candidate)).catch(() => undefined))
    if (type && body) return { type, body }
  }
  if (path !== '/') return undefined
  return findFile('/docs-missing.html')
}

function decodePath(path: string): string | undefined {
  try {
    return decodeURIComponent(path)
  } catch {
    return undefined
  }
}
