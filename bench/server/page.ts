import { readFile } from 'node:fs/promises'
import type { IncomingMessage, ServerResponse } from 'node:http'

const html =
  '<!doctype html><meta charset="utf-8"><title>bench</title><script type="module" src="/page.js"></script>'

/** Serves the empty page that the bench runs in. */
export async function page(request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Isolated pages have the finer clock: 5 µs, where others have 100 µs.
  response.setHeader('Cross-Origin-Opener-Policy', 'same-origin')
  response.setHeader('Cross-Origin-Embedder-Policy', 'require-corp')
  if (request.url === '/' || request.url === '/?timers') {
    response.setHeader('Content-Type', 'text/html')
    response.end(html)
  } else if (request.url === '/page.js') {
    response.setHeader('Content-Type', 'text/javascript')
    response.end(await readFile(new URL('../.built/page.js', import.meta.url)))
  } else {
    response.statusCode = 404
    response.end()
  }
}
