import { request } from 'node:http'
import { expect, test } from 'vitest'
import type { DemoServer } from '../../demo/server/server.ts'
import { serve } from './support.ts'

/** A GET with the path as it is: `fetch` would tidy it first. */
function status({ port }: DemoServer, path: string): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const asking = request({ port, host: '127.0.0.1', path }, (response) => {
      response.resume()
      resolve(response.statusCode)
    })
    asking.on('error', reject)
    asking.end()
  })
}

test.each([
  ['/', 'text/html; charset=utf-8'],
  ['/index.html', 'text/html; charset=utf-8'],
  ['/scenarios.html', 'text/html; charset=utf-8'],
  ['/scenarios', 'text/html; charset=utf-8'],
  ['/compare', 'text/html; charset=utf-8'],
  ['/tabs', 'text/html; charset=utf-8'],
  ['/holdfast/index.js', 'text/javascript; charset=utf-8'],
  ['/holdfast/session.js', 'text/javascript; charset=utf-8'],
  ['/holdfast/tabs.js', 'text/javascript; charset=utf-8'],
  ['/holdfast/inspect.js', 'text/javascript; charset=utf-8'],
  ['/style.css', 'text/css; charset=utf-8'],
])('%s is served as %s, and nothing is kept', async (path, type) => {
  const { url } = await serve()
  const response = await fetch(url + path)
  expect(response.status).toBe(200)
  expect(response.headers.get('content-type')).toBe(type)
  expect(response.headers.get('cache-control')).toBe('no-store')
  expect(response.headers.get('content-security-policy')).toContain("default-src 'self'")
  expect(response.headers.get('content-security-policy')).not.toContain('unsafe')
})

test.each([
  '/nowhere',
  '/../package.json',
  '/../../package.json',
  '/..%2f..%2fpackage.json',
  '/%2e%2e/%2e%2e/package.json',
  '/dist/../package.json',
  '/dist/..%2f..%2fpackage.json',
  '/dist/..\\..\\package.json',
  '/..\\server\\main.ts',
  '//etc/passwd',
  '/index.html%00.js',
  '/uploads/../server/main.ts',
  '/uploads/..%2fserver%2fmain.ts',
  '/server/main.ts',
  '/.gitignore',
  '/dist',
  '/uploads/',
  '/holdfast/',
  '/holdfast/../package.json',
  '/holdfast/nothing.js',
  '/docs/../package.json',
  '/docs/..%2f..%2f..%2fpackage.json',
  '/docs/%2e%2e/%2e%2e/package.json',
  '/docs/nothing',
  '/docs/%',
])('%s is not to be had', async (path) => {
  expect(await status(await serve(), path)).toBe(404)
})

test.each(['POST', 'PUT', 'DELETE', 'OPTIONS'])('%s is not allowed', async (method) => {
  const { url } = await serve()
  const response = await fetch(`${url}/`, { method })
  expect(response.status).toBe(405)
  expect(response.headers.get('allow')).toBe('GET, HEAD')
})

test('HEAD has the length and no body', async () => {
  const { url } = await serve()
  const response = await fetch(`${url}/`, { method: 'HEAD' })
  expect(Number(response.headers.get('content-length'))).toBeGreaterThan(0)
  expect(await response.text()).toBe('')
})

test('a plain request to a socket path is told to upgrade', async () => {
  const { url } = await serve()
  expect((await fetch(`${url}/chat`)).status).toBe(426)
})

test('the server listens on the loopback address only', async () => {
  const { url } = await serve()
  expect(new URL(url).hostname).toBe('127.0.0.1')
})

test('an unknown address has a page with links to all others', async () => {
  const { url } = await serve()
  const response = await fetch(`${url}/nowhere`)
  expect(response.status).toBe(404)
  const page = await response.text()
  for (const path of ['/', '/scenarios', '/compare', '/tabs', '/docs/'])
    expect(page).toContain(`<a href="${path}">`)
})

test('/docs/ is the built documentation, or says how to build it', async () => {
  const { url } = await serve()
  const short = await fetch(`${url}/docs`, { redirect: 'manual' })
  expect([short.status, short.headers.get('location')]).toEqual([308, '/docs/'])
  const response = await fetch(`${url}/docs/`)
  expect(response.status).toBe(200)
  expect(await response.text()).toMatch(/npm run docs|VitePress/)
})
