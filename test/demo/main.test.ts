import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { connect, serve } from './support.ts'

const main = fileURLToPath(new URL('../../demo/server/main.ts', import.meta.url))

/** The command, what it has said so far and how it ended. */
function run(...args: string[]) {
  const child = spawn(process.execPath, ['--import', 'tsx', main, ...args])
  onTestFinished(() => void child.kill('SIGKILL'))
  let output = ''
  const said = (words: RegExp) =>
    new Promise<RegExpMatchArray>((resolve) => {
      const look = () => {
        const match = output.match(words)
        if (match) resolve(match)
      }
      child.stdout.on('data', look)
      look()
    })
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk) => {
      output += chunk
    })
  }
  const ended = new Promise<{ code: number | null; output: string }>((resolve) => {
    child.on('close', (code) => resolve({ code, output }))
  })
  return { child, said, ended }
}

test('the command prints its address, and says 1001 when it is told to stop', async () => {
  const { child, said, ended } = run('--port', '0')
  const [, port] = await said(/http:\/\/127\.0\.0\.1:(\d+)\//)
  const client = await connect(`ws://127.0.0.1:${port}/echo`)
  child.kill('SIGTERM')
  expect((await client.closed).code).toBe(1001)
  expect((await ended).code).toBe(0)
}, 60_000)

test('a taken port is told, with the cure', async () => {
  const { port } = await serve()
  const { code, output } = await run('--port', String(port)).ended
  expect(code).toBe(1)
  expect(output).toBe(
    `Holdfast demo: bundling the library for the pages, and starting the server …\nPort ${port} is taken. Choose another one: npm run demo -- --port ${port + 1}\n`,
  )
}, 60_000)

test.each([
  [['--port', 'http'], '--port is a number from 0 to 65535, not "http".'],
  [['--key', 'key.pem'], '--key and --cert belong together.'],
  [['--key', '/nowhere', '--cert', '/nowhere'], 'The certificate cannot be read'],
  [['--prot', '80'], "Unknown option '--prot'"],
])(
  '%j is told to be wrong',
  async (args, words) => {
    const { code, output } = await run(...args).ended
    expect(code).toBe(1)
    expect(output).toContain(words)
  },
  60_000,
)
