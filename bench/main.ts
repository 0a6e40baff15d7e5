import { parseArgs } from 'node:util'
import { bundle } from './build.ts'
import { install } from './install.ts'
import { parts, roundsOf } from './parts.ts'
import { load, machine, save } from './results.ts'
import { chromiumRig, nodeRig, server } from './rigs.ts'

const usage = `Usage: npm run bench -- [--rounds 40] [${Object.keys(parts).join('] [')}]`

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: 'string', default: '40' } },
})
const rounds = Number(values.rounds)
/** Fewer have no spread to tell an error from. */
const LEAST = 4
const unknown = positionals.filter((name) => !(name in parts))
if (unknown.length || !(rounds >= LEAST)) {
  console.error(`${usage}\nAt least ${LEAST} rounds.`)
  process.exit(1)
}

// What it has started ends with it; who pressed ^C needs no stack of what was under way.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(130))

install()
await bundle()
const remote = server()
await remote.ready
const port = await remote.call<number>('listen')
const url = `ws://127.0.0.1:${port}/`
const rigs = {
  chromium: (words: string[] = []) => chromiumRig(`http://127.0.0.1:${port}/?${words}`.replace(/\?$/, '')),
  node: nodeRig,
}

for (const [name, measure] of Object.entries(parts)) {
  if (positionals.length && !positionals.includes(name)) continue
  save(name, await measure({ rigs, server: remote, url, rounds }))
  save('rounds', { ...load().rounds, [name]: roundsOf(name, rounds) })
}
save('machine', machine())
remote.end()
