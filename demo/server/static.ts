import { readFile } from 'node:fs/promises'
import { extname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.map': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
}
const folder = (path: string) => fileURLToPath(new URL(path, import.meta.url))
const pages = folder('../pages')
const bundles = folder('../../dist')
const chart = folder('../../node_modules/uplot/dist')

export interface Found {
  type: string
  body: Buffer
}

/**
 * A file of the pages or a bundle. A path is only ever plain names, none of which starts with a dot, so there is
 * no way up and nothing to resolve.
 */
export async function findFile(pathname: string): Promise<Found | undefined> {
  const path = pathname === '/' ? '/index.html' : pathname === '/compare' ? '/compare.html' : pathname
  if (!/^(\/\w[\w.-]*)+$/.test(path)) return undefined
  const type = types[extname(path)]
  if (!type) return undefined
  const [, first = '', rest = ''] = /^\/(dist|uplot)\/(.*)/.exec(path) ?? []
  const file = first ? join(first === 'dist' ? bundles : chart, rest) : join(pages, path)
  const body = await readFile(file).catch(() => undefined)
  return body && { type, body }
}
