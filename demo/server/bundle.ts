import { join, relative } from 'node:path'
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

const OUT = 'holdfast'

let bundled: Promise<Map<string, Buffer>> | undefined

/**
 * The library as ES modules, by file name. They are built from the sources when they are first needed, in memory and
 * without type checking, which takes well below a second. The core is one shared chunk.
 */
export function bundle(): Promise<Map<string, Buffer>> {
  bundled ??= bundleFrom(root)
  return bundled
}

/** The same for the project in this folder. */
export async function bundleFrom(folder: string): Promise<Map<string, Buffer>> {
  const { outputFiles } = await build({
    absWorkingDir: folder,
    entryPoints: entries,
    outdir: OUT,
    bundle: true,
    splitting: true,
    format: 'esm',
    target: 'es2022',
    write: false,
    logLevel: 'silent',
  })
  const name = (path: string) => relative(join(folder, OUT), path).replaceAll('\\', '/')
  return new Map(outputFiles.map(({ path, contents }) => [name(path), Buffer.from(contents)]))
}
