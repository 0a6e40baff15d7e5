import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { text } from 'node:stream/consumers'
import { pathToFileURL } from 'node:url'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import { WebSocket } from 'ws'
import { startCounting } from '../support/countingServer.ts'
import { nextTask } from '../support/nextTask.ts'

let counting: Awaited<ReturnType<typeof startCounting>>
let folder: string
let constructed = 0

beforeAll(async () => {
  counting = await startCounting()
  folder = await mkdtemp(join(tmpdir(), 'holdfast-react-'))
  // As in Node 22, which would connect.
  vi.stubGlobal(
    'WebSocket',
    class extends WebSocket {
      constructor(url: string) {
        super(url)
        constructed++
      }
    },
  )
})

afterAll(async () => {
  vi.unstubAllGlobals()
  await counting.stop()
  await rm(folder, { recursive: true })
})

/** What an application bundles for its server, with that version of React. */
async function bundle(version: string): Promise<typeof import('./serverApp.tsx')> {
  const outfile = join(folder, `server${version}.mjs`)
  await build({
    entryPoints: [join(import.meta.dirname, 'serverApp.tsx')],
    outfile,
    bundle: true,
    platform: 'node',
    format: 'esm',
    jsx: 'automatic',
    banner: {
      js: `import { createRequire } from 'node:module'\nconst require = createRequire(import.meta.url)`,
    },
    alias: { react: `react${version}`, 'react-dom': `react-dom${version}` },
  })
  return import(pathToFileURL(outfile).href)
}

describe.for([
  ['18', '-18'],
  ['19', ''],
] as const)('React %s renders 100 requests on a server without a connection', ([major, suffix]) => {
  const app = () => bundle(suffix)

  test('to a string', async () => {
    const { toText, version } = await app()
    expect(version.split('.')[0]).toBe(major)
    for (let request = 0; request < 100; request++) {
      const html = toText(counting.url, `user-${request}`).replaceAll('<!-- -->', '')
      expect(html).toContain(`user-${request} idle undefined`)
    }
    await nextTask()
    expect(constructed).toBe(0)
  })

  test('to a stream', async () => {
    const { toStream } = await app()
    const requests = Array.from({ length: 100 }, async (_, request) => {
      const target = new PassThrough()
      toStream(counting.url, `user-${request}`, target)
      const html = (await text(target)).replaceAll('<!-- -->', '')
      expect(html.split(`user-${request} idle undefined`)).toHaveLength(5)
    })
    await Promise.all(requests)
    await nextTask()
    expect(constructed).toBe(0)
  })
})
