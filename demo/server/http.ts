import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Compare } from './compare/compare.ts'
import { imageType } from './image-type.ts'
import { parseUrl } from './parse-url.ts'
import { type Found, findDocs, findFile } from './static.ts'
import type { Uploads } from './uploads.ts'

const text = 'text/plain; charset=utf-8'

const policy =
  "default-src 'self'; img-src 'self' blob:; object-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

/** VitePress writes small scripts and styles into its pages. They hold no input of visitors. */
const docsPolicy =
  "default-src 'self'; script-src 'self' 'unsafe-inline'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; connect-src 'self' ws: wss:; object-src 'none'; base-uri 'none'; frame-ancestors 'none'"

/** For every answer: only our own scripts and styles, in files of their own; no guessing of types; no caching. */
const always = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy': policy,
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
}

interface Answer {
  status: number
  type: string
  body: Buffer | string
  headers?: Record<string, string>
}

export interface HttpOptions {
  uploads: Uploads
  compare: Compare
  isSocketPath: (pathname: string) => boolean
  /** Whether the pages may also talk to other servers than the one they come from. */
  nodes: boolean
}

/** Answers plain requests: the pages, the library, the documentation and uploaded files; nothing else of the disk. */
export function answerHttp(options: HttpOptions) {
  return async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const { status, type, body, headers } = await answer(request, response, options).catch(
      (): Answer => ({ status: 500, type: text, body: 'The server has a bug.\n' }),
    )
    response.writeHead(status, {
      ...always,
      ...(options.nodes && { 'Content-Security-Policy': `${policy}; connect-src 'self' ws: wss:` }),
      'Content-Type': type,
      'Content-Length': Buffer.byteLength(body),
      ...headers,
    })
    response.end(request.method === 'HEAD' ? undefined : body)
  }
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  { uploads, compare, isSocketPath }: HttpOptions,
): Promise<Answer> {
  if (request.method !== 'GET' && request.method !== 'HEAD') {
    // The body of the request is not read.
    const headers = { Allow: 'GET, HEAD', Connection: 'close' }
    return { status: 405, type: text, body: 'Only GET and HEAD.\n', headers }
  }
  const url = parseUrl(request.url)
  if (url === undefined) return { status: 400, type: text, body: 'The URL is not valid.\n' }
  const { pathname } = url
  if (pathname === '/docs')
    return { status: 308, type: text, body: 'See /docs/\n', headers: { Location: '/docs/' } }
  if (pathname.startsWith('/docs/')) {
    const found = await findDocs(pathname)
    return found ? { status: 200, ...found, headers: { 'Content-Security-Policy': docsPolicy } } : missing()
  }
  const compared = await compare.answer(request, response, url)
  if (compared) return compared
  if (isSocketPath(pathname)) {
    const headers = { Upgrade: 'websocket', Connection: 'Upgrade' }
    return { status: 426, type: text, body: 'This path takes WebSocket connections only.\n', headers }
  }
  if (pathname.startsWith('/uploads/')) {
    const body = await uploads.read(pathname.slice('/uploads/'.length))
    if (body) return uploaded(body)
  }
  const found = await findFile(pathname)
  return found ? { status: 200, ...found } : missing()
}

/** Pictures are shown; everything else is offered as a download. */
function uploaded(body: Buffer): Answer {
  const type = imageType(body)
  const headers = {
    'Content-Disposition': type ? 'inline' : 'attachment',
    'Content-Security-Policy': "default-src 'none'; sandbox",
  }
  return { status: 200, type: type ?? 'application/octet-stream', body, headers }
}

async function missing(): Promise<Answer> {
  const page: Found = (await findFile('/404.html')) ?? { type: text, body: Buffer.from('Not found.\n') }
  return { status: 404, ...page }
}
