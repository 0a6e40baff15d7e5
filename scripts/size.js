// What a page pays for each way of importing, after minifying and compressing as a good server does.
import { readFileSync, writeFileSync } from 'node:fs'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build } from 'esbuild'

/**
 * `limit`: bytes of brotli, `over` those of another entry. mitt is included everywhere. The design's aim
 * was 6,600 and 5,500 for the core and 2,600 for the session; all that is promised takes more, and these keep it from growing.
 */
const entries = [
  { name: '*', code: `export * from './dist/index.js'`, limit: 13_200 },
  { name: '{ Socket }', code: `export { Socket } from './dist/index.js'`, limit: 12_100 },
  {
    name: '+ drop-in',
    code: `export { Socket } from './dist/index.js'; export { ReconnectingWebSocket } from './dist/websocket.js'`,
    over: '{ Socket }',
    limit: 1_700,
  },
  {
    name: '+ session',
    code: `export { Socket } from './dist/index.js'; export { Session } from './dist/session.js'`,
    over: '{ Socket }',
    limit: 4_100,
  },
  {
    name: '+ react',
    code: `export { Socket } from './dist/index.js'; export * from './dist/react.js'`,
    over: '{ Socket }',
    limit: 800,
  },
  {
    name: '+ vue',
    code: `export { Socket } from './dist/index.js'; export * from './dist/vue.js'`,
    over: '{ Socket }',
    limit: 700,
  },
  {
    name: '+ tabs (page)',
    code: `export { Socket } from './dist/index.js'; export { connectTab } from './dist/tabs.js'`,
    over: '{ Socket }',
    // Every promise about a worker that dies and a tab that is slow, in plain code: the aim was 1,200.
    limit: 1_750,
  },
  {
    name: '+ recorder',
    code: `export { Socket } from './dist/index.js'; export { record } from './dist/inspect.js'`,
    over: '{ Socket }',
    limit: 1_600,
  },
  {
    name: '+ inspector',
    code: `export { Socket } from './dist/index.js'; export { inspect } from './dist/inspect.js'`,
    over: '{ Socket }',
    limit: 13_000,
  },
  { name: 'inspect.umd.min.js', file: 'dist/inspect.umd.min.js' },
  { name: 'holdfast.umd.min.js', file: 'dist/holdfast.umd.min.js' },
]

const bundled = async (contents) => {
  const { outputFiles } = await build({
    stdin: { contents, resolveDir: process.cwd() },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    logLevel: 'warning',
    // Peer dependencies: the application has them already.
    external: ['react', 'vue'],
  })
  return outputFiles[0].contents
}

const whole = await Promise.all(
  entries.map(async ({ name, code, file, limit, over }) => {
    const bytes = code ? await bundled(code) : readFileSync(file)
    const params = {
      [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
      [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
    }
    const brotli = brotliCompressSync(bytes, { params }).length
    return { name, minified: bytes.length, gzip: gzipSync(bytes, { level: 9 }).length, brotli, limit, over }
  }),
)
/** What stands over another entry costs what it adds to it. */
const sizes = whole.map(({ over, ...size }) => {
  const base = whole.find(({ name }) => name === over)
  if (base) for (const column of ['minified', 'gzip', 'brotli']) size[column] -= base[column]
  return size
})

writeFileSync('dist/sizes.json', `${JSON.stringify(sizes, null, 2)}\n`)

const columns = ['minified', 'gzip', 'brotli', 'limit']
const row = (name, cells) =>
  console.log(name.padEnd(22) + cells.map((cell) => `${cell}`.padStart(10)).join(''))
row('bytes', columns)
for (const size of sizes) {
  row(
    size.name,
    columns.map((column) => size[column] ?? ''),
  )
}

for (const { name, brotli, limit } of sizes.filter((size) => size.brotli > size.limit)) {
  console.error(`${name} is ${brotli - limit} bytes over its limit of ${limit}.`)
  process.exitCode = 1
}
