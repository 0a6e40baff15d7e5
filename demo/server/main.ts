import { readFileSync } from 'node:fs'
import { parseArgs } from 'node:util'

const usage = `Usage: npm run demo -- [--port 8080] [--host 127.0.0.1] [--uploads folder] [--key file --cert file] [--away 120]
With REDIS_URL=redis://127.0.0.1:6379, several servers share the room of the chat.`

function fail(words: string): never {
  console.error(words)
  process.exit(1)
}

function readOptions() {
  const text = { type: 'string' } as const
  try {
    const options = { port: text, host: text, key: text, cert: text, uploads: text, away: text }
    return parseArgs({ options: { ...options, help: { type: 'boolean' } } }).values
  } catch (error) {
    return fail(`${(error as Error).message}\n${usage}`)
  }
}

const { port: portText = '8080', host, key, cert, uploads, away = '120', help } = readOptions()
if (help) {
  console.log(usage)
  process.exit(0)
}
const port = Number(portText)
if (!Number.isInteger(port) || port < 0 || port > 65_535)
  fail(`--port is a number from 0 to 65535, not "${portText}".`)
if (!(Number(away) > 0)) fail(`--away is a number of seconds above 0, not "${away}".`)
if (!key !== !cert) fail('--key and --cert belong together.')

function readTls() {
  try {
    return key && cert ? { key: readFileSync(key), cert: readFileSync(cert) } : undefined
  } catch (error) {
    return fail(`The certificate cannot be read: ${(error as Error).message}`)
  }
}

console.log('Holdfast demo: bundling the library for the pages, and starting the server …')
// Loaded after the line above, so that it appears at once.
const [{ startServer }, { bundle }] = await Promise.all([import('./server.ts'), import('./bundle.ts')])
const server = await startServer({
  port,
  host,
  uploads,
  tls: readTls(),
  sessionAway: Number(away) * 1_000,
  redis: process.env.REDIS_URL,
  log: console.log,
}).catch((error) => {
  if (error.code === 'EADDRINUSE')
    fail(`Port ${port} is taken. Choose another one: npm run demo -- --port ${port + 1}`)
  return fail(`The server cannot start: ${error.message}`)
})
await bundle().catch((error) => fail(`The library cannot be bundled: ${error.message}`))
console.log(`
  Chat       ${server.url}/
  Scenarios  ${server.url}/scenarios
  Compare    ${server.url}/compare
  Tabs       ${server.url}/tabs
  Docs       ${server.url}/docs/

Press Ctrl+C to stop. Connections are logged below.
`)

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  // `once`, so that a second signal ends the process at once.
  process.once(signal, async () => {
    await server.close()
    process.exit(0)
  })
}
