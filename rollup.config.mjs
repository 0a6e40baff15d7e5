import { fileURLToPath } from 'node:url'
import resolve from '@rollup/plugin-node-resolve'
import terser from '@rollup/plugin-terser'
import dts from 'rollup-plugin-dts'
import esbuild from 'rollup-plugin-esbuild'

/** What can be imported, by the name of its files in dist/: `holdfast`, `holdfast/websocket` and so on. */
const entries = {
  index: 'src/index.ts',
  websocket: 'src/websocket/index.ts',
  react: 'src/react/index.ts',
  vue: 'src/vue/index.ts',
  inspect: 'src/inspect/index.ts',
  session: 'src/session/client/index.ts',
  'session/server': 'src/session/server/index.ts',
  'session/redis': 'src/session/redis/index.ts',
  testing: 'src/testing/index.ts',
  tabs: 'src/tabs/index.ts',
}
/** Those that a page can load without a bundler. */
const browserEntries = ['index', 'websocket', 'session', 'tabs', 'inspect']
/** Those that have a UMD file for a script tag, after the one of the core. Each adds to the global `Holdfast`. */
const umdEntries = {
  websocket: entries.websocket,
  session: entries.session,
  tabs: entries.tabs,
  // Also defines the element.
  inspect: 'src/inspect/global.ts',
}

const external = ['mitt', 'react', 'vue']
const compile = esbuild({ target: 'es2022' })
const minify = terser({ ecma: 2020 })

/** No module does anything when it is loaded: none is imported for its effects alone. */
const treeshake = { moduleSideEffects: false }

/** Several entries in one build share their code: the core is there once, and server code stays out of the client's files. */
const modules = (extension, options) => ({
  dir: 'dist',
  entryFileNames: `[name].${extension}`,
  chunkFileNames: `shared/[name].${extension}`,
  // Otherwise every file imports everything that the files it imports import.
  hoistTransitiveImports: false,
  ...options,
})

const umd = (file, options) => ({
  file,
  format: 'umd',
  name: 'Holdfast',
  exports: 'named',
  sourcemap: true,
  // Adds to the global that an earlier script tag has made.
  extend: true,
  ...options,
})
const umdPair = (name, options) => [
  umd(`dist/${name}.umd.js`, options),
  umd(`dist/${name}.umd.min.js`, { ...options, plugins: [minify] }),
]

/** The modules that the core's UMD file exports all of: the other UMD files take them from the global. */
const core = ['src/index.ts', 'src/core/socket.ts'].map((path) =>
  fileURLToPath(new URL(path, import.meta.url)),
)
const globals = Object.fromEntries(core.map((path) => [path, 'Holdfast']))
/** And where there is a loader (AMD, CommonJS), from the package. */
const paths = Object.fromEntries(core.map((path) => [path, 'holdfast']))

/** Next.js requires it of a module with hooks, so that server components may render what uses them. */
const banner = ({ name }) => (name === 'react' ? `'use client'` : '')

export default [
  {
    input: entries,
    plugins: [compile],
    external,
    treeshake,
    output: modules('js', { format: 'esm', sourcemap: true, banner }),
  },
  {
    input: entries,
    plugins: [compile],
    external,
    treeshake,
    // webpack gives mitt's ES module to `require`, too: its function is then the property `default`.
    output: modules('cjs', { format: 'cjs', exports: 'named', interop: 'compat', sourcemap: true, banner }),
  },
  // A page without a bundler cannot resolve the import of mitt: here it is included.
  {
    input: Object.fromEntries(browserEntries.map((name) => [name, entries[name]])),
    plugins: [resolve(), compile],
    output: modules('js', { dir: 'dist/browser', format: 'esm', sourcemap: true, plugins: [minify] }),
  },
  { input: entries.index, plugins: [resolve(), compile], output: umdPair('holdfast') },
  ...Object.entries(umdEntries).map(([name, input]) => ({
    input,
    plugins: [resolve(), compile],
    external: core,
    output: umdPair(name, { globals, paths }),
  })),
  ...['d.ts', 'd.cts'].map((extension) => ({
    input: entries,
    plugins: [dts({ tsconfig: 'src/tsconfig.json' })],
    external,
    output: modules(extension),
  })),
]
