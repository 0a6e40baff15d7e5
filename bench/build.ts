import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'

const file = (path: string) => fileURLToPath(new URL(path, import.meta.url))

/** Bundles the clients: the same code for the page and for Node. */
export async function bundle(): Promise<void> {
  const options = { bundle: true, format: 'esm', target: 'es2022', logLevel: 'warning' } as const
  await build({ ...options, entryPoints: [file('client/page.ts')], outfile: file('.built/page.js') })
  await build({
    ...options,
    platform: 'node',
    mainFields: ['module', 'main'],
    // Its Node part needs `require`; and all must share one `ws`.
    external: ['ws', 'socket.io-client', 'robust-websocket'],
    entryPoints: ['node', 'allocation', 'herd', 'faults'].map((name) => file(`client/${name}.ts`)),
    outdir: file('.built'),
  })
}
