import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { playwright } from '@vitest/browser-playwright'
import { defineConfig } from 'vitest/config'
import type { BrowserConfigOptions } from 'vitest/node'
import { find } from './scripts/executables.js'
import { commands } from './test/clients/service.ts'
import { flags } from './test/support/flags.ts'
import { frameworks } from './test/support/frameworks.ts'
import { webkit } from './test/support/webkitProvider.ts'

/** Firefox holds dials back after failures, and CI machines are slow: nobody should wait for a second only. */
const expect = { poll: { timeout: 60_000 } }

/** Time limits are for what hangs. A crowded machine may take ten times as long as a quiet one. In ms. */
const patient = { testTimeout: 180_000, hookTimeout: 180_000 }

/** One project per environment: all of them run by `npm test`, one by `npx vitest run --project <name>`. */
const node = (name: string, include: string) => ({ test: { name, include: [include], expect, ...patient } })

const source = (path: string) => fileURLToPath(new URL(path, import.meta.url))

const [chromium, firefox] = await Promise.all([find('chromium'), find('firefox')])
const path = (executablePath?: string) => (executablePath ? { executablePath } : {})

/** A new one for each project: vitest writes the name of the project into it. */
const inChromium = (): BrowserConfigOptions => ({
  provider: playwright({ launchOptions: { ...path(chromium), args: flags } }),
  instances: [{ browser: 'chromium' }],
})

/** Coverage is what V8 counts, and vitest refuses it next to engines without it: they have a run of their own. */
const covered = process.argv.includes('--coverage')

const clients = [
  '@stomp/stompjs',
  'engine.io-client',
  'graphql-ws',
  'mqtt',
  'socket.io-client',
  'y-websocket',
  'yjs',
]

/** The tests that run inside a page. */
const engine = (name: string, browser: BrowserConfigOptions, ...more: string[]) => ({
  // Found at run time they would reload the page, and with it the tests.
  optimizeDeps: { include: ['mitt', 'axe-core'] },
  test: {
    name,
    include: ['test/browser/**/*.test.ts', 'test/session/browser/*.browser.ts', ...more],
    expect,
    ...patient,
    globalSetup: ['test/support/browserServers.ts', 'test/session/browser/servers.ts'],
    browser: { enabled: true, headless: true, screenshotFailures: false, ...browser },
  },
})

/** The folder where CI wants reports that it can count. */
const report = process.env.TEST_REPORT && `${process.env.TEST_REPORT}/${covered ? 'covered' : 'engines'}.json`

/** The inspector's tests have a project of their own in Chromium. */
const inspector = 'test/inspect/browser/*.browser.ts'

/** WebKitGTK is of Linux. */
const inWebkit =
  process.platform === 'linux'
    ? [engine('webkit', { provider: webkit(), instances: [{ browser: 'webkit' }] }, inspector)]
    : []
const inFirefox = engine(
  'firefox',
  {
    provider: playwright({ launchOptions: { channel: 'moz-firefox', ...path(firefox) } }),
    instances: [{ browser: 'firefox' }],
  },
  inspector,
)

export default defineConfig({
  test: {
    // Most tests wait for a browser or a server: two at a time do not keep two cores busy.
    maxWorkers: Math.max(2, availableParallelism() - 1),
    reporters: report ? ['default', ['json', { outputFile: report }]] : ['default'],
    coverage: {
      include: ['src/**'],
      exclude: ['**/*.d.ts', '**/*.json'],
      reporter: ['text', 'json-summary'],
    },
    projects: [
      node('unit', 'test/{unit,random,architecture,package,recipes}/**/*.test.ts'),
      node('node', 'test/node/**/*.test.ts'),
      node('demo', 'test/demo/**/*.test.ts'),
      node('docs', 'test/docs/**/*.test.ts'),
      node('server-rendering', 'test/{react,vue}/*.test.ts'),
      node('proxy', 'test/proxy/**/*.test.ts'),
      node('session', 'test/session/**/*.test.ts'),
      {
        // The examples of the docs import the package by its name.
        resolve: {
          alias: [
            { find: /^holdfast$/, replacement: source('src/index.ts') },
            { find: /^holdfast\/testing$/, replacement: source('src/testing/index.ts') },
          ],
        },
        test: { name: 'testing', include: ['test/testing/**/*.test.{ts,tsx}'], expect, ...patient },
      },
      node('inspect', 'test/inspect/*.test.ts'),
      node('e2e', 'test/end-to-end/!(webkit).test.ts'),
      { test: { ...node('e2e-firefox', 'test/end-to-end/chat.test.ts').test, env: { ENGINE: 'firefox' } } },
      node('tabs', 'test/tabs/!(webkit).test.ts'),
      {
        test: {
          ...node('tabs-firefox', 'test/tabs/!(webkit|worker-ends).test.ts').test,
          env: { ENGINE: 'firefox' },
        },
      },
      ...(process.platform === 'linux' ? [node('tabs-webkit', 'test/tabs/webkit.test.ts')] : []),
      {
        test: {
          name: 'types',
          include: [],
          typecheck: {
            enabled: true,
            only: true,
            include: ['test/types/**/*.test-d.ts'],
            tsconfig: 'test/types/tsconfig.json',
          },
        },
      },
      engine('chromium', inChromium()),
      ...frameworks(inChromium),
      ...(covered ? [] : [inFirefox, ...inWebkit]),
      ...(process.platform === 'linux' ? [node('e2e-webkit', 'test/end-to-end/webkit.test.ts')] : []),
      {
        optimizeDeps: { include: ['mitt', ...clients] },
        test: {
          name: 'clients',
          include: ['test/clients/**/*.test.ts'],
          expect,
          ...patient,
          browser: { enabled: true, headless: true, screenshotFailures: false, commands, ...inChromium() },
        },
      },
      {
        optimizeDeps: { include: ['mitt', 'axe-core'] },
        test: {
          name: 'inspect-chromium',
          include: [inspector],
          expect,
          ...patient,
          browser: { enabled: true, headless: true, screenshotFailures: false, ...inChromium() },
        },
      },
    ],
  },
})
