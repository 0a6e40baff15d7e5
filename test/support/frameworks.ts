import { fileURLToPath } from 'node:url'
import type { BrowserConfigOptions } from 'vitest/node'
import { svelte } from './sveltePlugin.ts'

interface FrameworkProject {
  name: string
  include: string[]
  /** Everything that the tests import, and what that imports: found at run time it would reload the page. */
  dependencies: string[]
  /** The start of the version that the tests must find. */
  versions?: { react?: string; vue?: string }
  /** Other versions under the names of the usual ones. */
  alias?: Record<string, string>
}

const react = ['react', 'react/jsx-dev-runtime', 'react-dom', 'react-dom/client', 'react-dom/server']
const vue = ['vue', 'vue/server-renderer']

const projects: FrameworkProject[] = [
  {
    name: 'react',
    include: ['test/react/*.browser.tsx'],
    dependencies: react,
    versions: { react: '19' },
  },
  {
    // <Activity> is newer.
    name: 'react-18',
    include: ['test/react/{react,refresh}.browser.tsx'],
    dependencies: react,
    versions: { react: '18' },
    alias: { react: 'react-18', 'react-dom': 'react-dom-18' },
  },
  { name: 'vue', include: ['test/vue/*.browser.ts'], dependencies: vue, versions: { vue: '3' } },
  {
    name: 'vue-3.3',
    include: ['test/vue/*.browser.ts'],
    dependencies: vue,
    versions: { vue: '3.3' },
    alias: { vue: 'vue-3.3' },
  },
  {
    name: 'recipes',
    include: ['test/recipes/*.browser.tsx'],
    dependencies: [
      ...react,
      '@angular/compiler',
      '@angular/core',
      '@angular/platform-browser',
      '@tanstack/react-query',
      'solid-js',
      'solid-js/web',
      'svelte',
      'svelte/internal/client',
      'svelte/internal/disclose-version',
      'zustand',
    ],
  },
]

/** The recipes import what is published by its name. */
const source = (entry = '.') => fileURLToPath(new URL(`../../src/${entry}/index.ts`, import.meta.url))

/** The bindings and the recipes, in a page; the connections are counted at a real server. */
export const frameworks = (browser: () => BrowserConfigOptions) =>
  projects.map(({ name, include, dependencies, versions = {}, alias = {} }) => ({
    plugins: [svelte()],
    resolve: {
      alias: {
        ...alias,
        'holdfast/react': source('react'),
        'holdfast/vue': source('vue'),
        holdfast: source(),
      },
    },
    // What Vue wants every bundler to say.
    define: {
      __VUE_OPTIONS_API__: 'true',
      __VUE_PROD_DEVTOOLS__: 'false',
      __VUE_PROD_HYDRATION_MISMATCH_DETAILS__: 'true',
    },
    optimizeDeps: { include: ['mitt', ...dependencies] },
    test: {
      name,
      include,
      expect: { poll: { timeout: 60_000 } },
      testTimeout: 180_000,
      provide: { versions },
      globalSetup: 'test/support/countingServer.ts',
      browser: { enabled: true, headless: true, screenshotFailures: false, ...browser() },
    },
  }))
