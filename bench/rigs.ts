import { fileURLToPath } from 'node:url'
import { chromium } from 'playwright'
import { executable } from '../scripts/executables.js'
import { flags } from '../test/support/flags.ts'
import { within } from './patience.ts'
import { Remote } from './rpc.ts'

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** The place that the libraries run in. */
export interface Rig {
  name: 'chromium' | 'node'
  /** Calls one of client/operations.ts. */
  call<Answer>(name: string, ...given: unknown[]): Promise<Answer>
  /** What the client has used of the processors so far, in ms: wall time is everybody's on a machine that is shared. */
  cpu(): Promise<number>
  /** Bytes in use after garbage was collected. */
  heap(): Promise<number>
  close(): Promise<void>
}

const called = (place: string, name: string, given: unknown[]) => `${place}, ${name} ${given.join(' ')}`

export const server = () => new Remote(file('server/main.ts'), ['--import', 'tsx'])

/** `words`: `timers`, where they are to be counted. */
export async function nodeRig(words: string[] = []): Promise<Rig> {
  const remote = new Remote(file('.built/node.js'), ['--expose-gc'], words)
  await remote.ready
  return {
    name: 'node',
    call: (name, ...given) => within(remote.call(name, ...given), called('node', name, given)),
    cpu: () => remote.call('cpu'),
    heap: () => remote.call('heap'),
    close: async () => remote.end(),
  }
}

declare const operations: Record<string, (...given: unknown[]) => unknown>

/** A page of its own in a Chromium of its own. */
export async function chromiumRig(url: string): Promise<Rig> {
  const browser = await chromium.launch({ executablePath: await executable('chromium'), args: flags })
  const page = await browser.newPage()
  page.on('pageerror', (error) => console.error(error))
  await page.goto(url)
  await page.waitForFunction(() => 'operations' in globalThis)
  const tools = await page.context().newCDPSession(page)
  await tools.send('Performance.enable')
  return {
    name: 'chromium',
    call: <Answer>(name: string, ...given: unknown[]) => {
      const answer = page.evaluate(({ name, given }) => operations[name]?.(...given) as never, {
        name,
        given,
      })
      return within<Answer>(answer, called('chromium', name, given))
    },
    // Of the page's own thread: the network's is the same work for everybody.
    cpu: async () => {
      const { metrics } = await tools.send('Performance.getMetrics')
      return (metrics.find((metric) => metric.name === 'ThreadTime')?.value ?? 0) * 1_000
    },
    heap: async () => {
      await tools.send('HeapProfiler.collectGarbage')
      const usage = await tools.send('Runtime.getHeapUsage')
      // What the DOM holds is beside the heap of JavaScript; playwright's types are older than the field.
      const { embedderHeapUsedSize = 0 } = usage as { embedderHeapUsedSize?: number }
      return usage.usedSize + embedderHeapUsedSize
    },
    close: () => browser.close(),
  }
}
