import { fileURLToPath } from 'node:url'
import resolve from '@rollup/plugin-node-resolve'
import terser from '@rollup/plugin-terser'
import dts from 'rollup-plugin-dts'
import esbuild from 'rollup-plugin-esbuild'

const input = 'src/index.ts'
const plugins = [resolve(), esbuild({ target: 'es2022' })]
const umd = (file) => ({ file, format: 'umd', name: 'Holdfast', exports: 'named', sourcemap: true })
const minified = { ...umd('dist/holdfast.umd.min.js'), plugins: [terser({ ecma: 2020 })] }

/** What stands over the core imports it from beside itself, so that a page carries it once. */
const core = fileURLToPath(new URL(input, import.meta.url))
const over = (name) => ({
  input: `src/${name}/index.ts`,
  plugins: [esbuild({ target: 'es2022' })],
  external: [core],
  output: [
    { file: `dist/${name}.js`, format: 'esm', sourcemap: true, paths: { [core]: './index.js' } },
    ...[`dist/${name}.umd.cjs`, `dist/${name}.umd.min.js`].map((file) => ({
      ...umd(file),
      // After the core's script tag: adds its own to the same global.
      extend: true,
      globals: { [core]: 'Holdfast' },
      paths: { [core]: './holdfast.umd.cjs' },
      plugins: file.includes('.min.') ? [terser({ ecma: 2020 })] : [],
    })),
  ],
})
const typesOver = (name) => ({
  input: `src/${name}/index.ts`,
  external: [core],
  plugins: [dts({ tsconfig: 'src/tsconfig.json' })],
  output: [
    { file: `dist/${name}.d.ts`, paths: { [core]: './index.js' } },
    { file: `dist/${name}.d.cts`, paths: { [core]: './index.cjs' } },
  ],
})

/** What is imported on its own: server code never comes along with the client's, and the core is there once. */
const session = {
  session: 'src/session/client/index.ts',
  'session/server': 'src/session/server/index.ts',
  'session/redis': 'src/session/redis/index.ts',
}
const entries = { index: input, ...session }
const into = (extension, more) => ({
  dir: 'dist',
  entryFileNames: `[name].${extension}`,
  chunkFileNames: `shared/[name].${extension}`,
  // Else every file names all that the files it needs need.
  hoistTransitiveImports: false,
  ...more,
})
const types = dts({ tsconfig: 'src/tsconfig.json' })

export default [
  // mitt stays an import, so that an application which has it already carries it once.
  { input: entries, plugins, external: ['mitt'], output: into('js', { format: 'esm', sourcemap: true }) },
  { input: session, plugins, output: into('cjs', { format: 'cjs', exports: 'named', sourcemap: true }) },
  // A script tag has no modules: mitt goes in. `.cjs` is the same file under the name that `require` needs.
  { input, plugins, output: [umd('dist/holdfast.umd.js'), umd('dist/holdfast.umd.cjs'), minified] },
  // So does the core.
  {
    input: session.session,
    plugins,
    output: { ...minified, file: 'dist/holdfast-session.umd.min.js', name: 'HoldfastSession' },
  },
  { input: entries, plugins: [types], output: [into('d.ts'), into('d.cts')] },
  // Stands alone: it imports nothing, not even the core.
  {
    input: 'src/testing/index.ts',
    plugins: [esbuild({ target: 'es2022' })],
    output: [
      { file: 'dist/testing.js', format: 'esm', sourcemap: true },
      { file: 'dist/testing.cjs', format: 'cjs', sourcemap: true },
    ],
  },
  {
    input: 'src/testing/index.ts',
    plugins: [dts({ tsconfig: 'src/tsconfig.json' })],
    output: [{ file: 'dist/testing.d.ts' }, { file: 'dist/testing.d.cts' }],
  },
  over('websocket'),
  typesOver('websocket'),
]
