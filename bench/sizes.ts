import { fileURLToPath } from 'node:url'
import { brotliCompressSync, constants, gzipSync } from 'node:zlib'
import { build } from 'esbuild'

export interface Size {
  minified: number
  gzip: number
  brotli: number
}

/** What an application writes to use the library as client/peers.ts does. */
const imports: Record<string, string> = {
  holdfast: `export { Socket } from '../dist/index.js'`,
  sockette: `export { default } from 'sockette'`,
  'robust-websocket': `export { default } from 'robust-websocket'`,
  'reconnecting-websocket': `export { default } from 'reconnecting-websocket'`,
  'websocket-ts': `export { ArrayQueue, ExponentialBackoff, WebsocketBuilder } from 'websocket-ts'`,
  '@nktkas/rews': `export { ReconnectingWebSocket } from '@nktkas/rews'`,
  partysocket: `export { default } from 'partysocket/ws'`,
  'socket.io': `export { io } from 'socket.io-client'`,
}

async function size(contents: string): Promise<Size> {
  const resolveDir = fileURLToPath(new URL('.', import.meta.url))
  const { outputFiles } = await build({
    stdin: { contents, resolveDir },
    bundle: true,
    minify: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    logLevel: 'error',
  })
  const bytes = outputFiles[0]?.contents ?? new Uint8Array()
  const params = {
    [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY,
    [constants.BROTLI_PARAM_SIZE_HINT]: bytes.length,
  }
  return {
    minified: bytes.length,
    gzip: gzipSync(bytes, { level: 9 }).length,
    brotli: brotliCompressSync(bytes, { params }).length,
  }
}

/** What a page pays for each library, in bytes. */
export async function measureSizes(): Promise<Record<string, Size>> {
  const sizes = await Promise.all(
    Object.entries(imports).map(async ([peer, code]) => [peer, await size(code)] as const),
  )
  return Object.fromEntries(sizes)
}
