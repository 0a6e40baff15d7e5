import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type DemoServer, startServer } from '../../demo/server/server.ts'
import { test as base } from '../support/chromium.ts'

/** A PNG of one red pixel. */
export const picture = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  'base64',
)

/** `test` with a demo server of its own, away for 4 s when it restarts. */
export const test = base.extend<{ demo: DemoServer }>({
  // biome-ignore lint/correctness/noEmptyPattern: vitest reads the wanted fixtures from the pattern
  demo: async ({}, use) => {
    const uploads = await mkdtemp(join(tmpdir(), 'holdfast-'))
    const demo = await startServer({ uploads, restartTime: 4_000, guestInterval: [50, 100], log: () => {} })
    await use(demo)
    await demo.close()
    await rm(uploads, { recursive: true })
  },
})
