import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { Agent, get } from 'node:https'
import { connect as dial } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { connect, serve } from './support.ts'

/** A certificate for 127.0.0.1 that lives as long as the test. */
function certificate() {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-tls-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const files = { keyFile: join(folder, 'key.pem'), certFile: join(folder, 'cert.pem') }
  const subject = ['-subj', '/CN=127.0.0.1', '-addext', 'subjectAltName=IP:127.0.0.1']
  const kind = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '1']
  execFileSync(
    'openssl',
    ['req', '-x509', ...kind, ...subject, '-keyout', files.keyFile, '-out', files.certFile],
    { stdio: 'ignore' },
  )
  return { ...files, key: readFileSync(files.keyFile), cert: readFileSync(files.certFile) }
}

test('with a certificate, pages come over https and sockets over wss', async () => {
  const tls = certificate()
  const { url, socketUrl } = await serve({ tls })
  expect([new URL(url).protocol, new URL(socketUrl).protocol]).toEqual(['https:', 'wss:'])
  const client = await connect(`${socketUrl}/echo`, [], { ca: tls.cert })
  client.send('hi')
  expect(await client.next()).toBe('this is server')
  const agent = new Agent({ ca: tls.cert })
  const status = await new Promise((resolve, reject) => {
    get(`${url}/`, { agent }, (response) => resolve(response.resume().statusCode)).on('error', reject)
  })
  expect(status).toBe(200)
})

test('the idle cut counts bytes inside TLS too', async () => {
  const tls = certificate()
  const { socketUrl } = await serve({ tls })
  const client = await connect(`${socketUrl}/ws?idle=0.3&check=0.1`, [], { ca: tls.cert })
  expect((await client.closed).code).toBe(1006)
})

test('a client that does not speak TLS affects no other client', async () => {
  const tls = certificate()
  const { port, socketUrl } = await serve({ tls })
  await new Promise<void>((resolve) => {
    const line = dial(port, '127.0.0.1', () => line.end('GET / HTTP/1.1\r\n\r\n'))
    line.on('error', () => {})
    line.on('close', () => resolve())
    line.resume()
  })
  await connect(`${socketUrl}/echo`, [], { ca: tls.cert })
})
