import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { onTestFinished } from 'vitest'
import { executable } from '../../scripts/executables.js'
import { freePort } from '../support/free-port.ts'

const main = fileURLToPath(new URL('../../demo/server/main.ts', import.meta.url))

async function kill(child: ChildProcess, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill(signal)
  await exit
}

export interface Node {
  port: number
  kill: () => Promise<void>
  /** Asks it to end, as who updates it does. */
  stop: () => Promise<void>
}

/** A Redis of the test's own, which keeps nothing on disk. */
export async function redis(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-demo-redis-'))
  const port = await freePort()
  const args = [
    '--port',
    `${port}`,
    '--bind',
    '127.0.0.1',
    '--dir',
    folder,
    '--save',
    '',
    '--appendonly',
    'no',
  ]
  const child = spawn(await executable('redis-server'), args, { stdio: ['ignore', 'pipe', 'inherit'] })
  onTestFinished(async () => {
    await kill(child)
    await rm(folder, { recursive: true })
  })
  await said(child, /Ready to accept connections/)
  return `redis://127.0.0.1:${port}`
}

/** One server of the demo, as `npm run demo` starts it. */
export async function node(url: string, ...options: string[]): Promise<Node> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-demo-'))
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', main, '--port', '0', '--uploads', folder, ...options],
    {
      env: { ...process.env, REDIS_URL: url },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  onTestFinished(async () => {
    await kill(child)
    await rm(folder, { recursive: true })
  })
  const [, port] = await said(child, /http:\/\/127\.0\.0\.1:(\d+)\//)
  return { port: Number(port), kill: () => kill(child), stop: () => kill(child, 'SIGTERM') }
}

function said(child: ChildProcess, words: RegExp): Promise<RegExpMatchArray> {
  let output = ''
  return new Promise((resolve, reject) => {
    child.once('exit', () => reject(new Error(`it ended, having said: ${output}`)))
    child.stdout?.on('data', (chunk) => {
      output += chunk
      const match = output.match(words)
      if (match) resolve(match)
    })
  })
}
