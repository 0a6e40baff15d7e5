import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const root = fileURLToPath(new URL('../..', import.meta.url))

/** What the pages import, such as `/holdfast/session.js`, and its source. */
const entries = {
  index: 'src/index.ts',
  session: 'src/session/client/index.ts',
  tabs: 'src/tabs/index.ts',
  inspect: 'src/inspect/index.ts',
}

let bundled: Promise<Map<string, Buffer>> | undefined

/**
 * The library as ES modules, by file name. They are built from the sources when they are first needed, in memory and
 * without type checking, which takes well below a second. The core is one shared chunk.
 */
export function bundle(): Promise<Map<string, Buffer>> {
  bundled ??= build({
    absWorkingDir: root,
    entryPoints: entries,
    outdir: 'holdfast',
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    logLevel: 'silent',
  }).then(
    ({ outputFiles }) =>
      new Map(
        outputFiles.map(({ path, contents }) => [
          path.replaceAll('\\', '/').split('/holdfast/').at(-1) ?? '',
          Buffer.from(contents),
        ]),
      ),
  )
  return bundled
}
