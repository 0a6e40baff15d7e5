// Breaks the session on purpose, one line at a time in a scratch copy, and shows which breaks the simulator notices.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const runs = process.env.RUNS ?? '2000'
const src = 'src/session'

const mutants = [
  ['no fence on the server', `${src}/server/connection.ts`, 'if (this.over) return\n      try', 'try'],
  ['no fence on the client', `${src}/line.ts`, 'if (!over) reader.received', 'reader.received'],
  ['outbox not trimmed', `${src}/outbox.ts`, 'this.held.splice(0, got', 'this.held.slice(0, got'],
  ['no escape, client', `${src}/protocol.ts`, /`!\$\{data\}` as Data/, 'data'],
  ['no escape, server', `${src}/server/socket.ts`, /`!\$\{data\}`/, 'data'],
  ['ack one too high, client', `${src}/half.ts`, 'how + this.#got)', 'how + ((this.#got as number) + 1))'],
  ['ack one too high, server', `${src}/inbox.ts`, 'return done\n', 'return done + 1\n'],
  [
    'a dropped frame, client',
    `${src}/half.ts`,
    'this.#write(escaped(next.data))',
    'this.outbox.written % 7 && this.#write(escaped(next.data))',
  ],
  [
    'a dropped frame, server',
    `${src}/server/session.ts`,
    'line?.write(next.data',
    'outbox.written % 7 && line?.write(next.data',
  ],
  ['resend nothing', `${src}/outbox.ts`, 'this.written = this.acked\n', 'this.written = this.highest\n'],
  [
    'resend one too early',
    `${src}/server/reception.ts`,
    'outbox.resume(got ?? 0)',
    'outbox.resume(Math.max(outbox.acked, (got ?? 0) - 1))',
  ],
  [
    'ack after the listener, client',
    `${src}/half.ts`,
    /( *;\(this\.#got as number\)\+\+\n(?:.*\n)*?)( *return )(line\.onmessage.*\n)/,
    '$3$1$2\n',
  ],
  [
    'ack after the listener, server',
    `${src}/server/turns.ts`,
    'report(error)\n',
    'report(error)\n      this.done--\n',
  ],
  [
    'repeats handed on',
    `${src}/server/session.ts`,
    'if (!inbox.received(bytes)) return',
    'inbox.received(bytes)',
  ],
  ['no goodbye', `${src}/half.ts`, "line?.send('!f')", 'line'],
  ['no check of the attempt', `${src}/server/memory.ts`, 'if (n <= held.n)', 'if (n < 0)'],
]

const scratch = mkdtempSync(join(tmpdir(), 'holdfast-mutants-'))
let survived = 0
try {
  for (const part of ['src', 'test', 'scripts', 'package.json', 'vitest.config.ts', 'tsconfig.json'])
    cpSync(part, join(scratch, part), { recursive: true })
  symlinkSync(join(process.cwd(), 'node_modules'), join(scratch, 'node_modules'))
  for (const [name, file, from, to] of [['none', `${src}/inbox.ts`, '', ''], ...mutants]) {
    const path = join(scratch, file)
    const whole = readFileSync(path, 'utf8')
    const broken = whole.replace(from, to)
    if (broken === whole && name !== 'none') throw new Error(`${name}: nothing to break in ${file}`)
    writeFileSync(path, broken)
    const args = ['vitest', 'run', '--project', 'session', 'test/session/simulation.test.ts']
    const { status, stdout, stderr } = spawnSync('npx', args, {
      cwd: scratch,
      encoding: 'utf8',
      env: { ...process.env, RUNS: runs },
    })
    writeFileSync(path, whole)
    const why = /(seed \d+: .*)/.exec(stdout + stderr)?.[1] ?? /Error: .*/.exec(stdout + stderr)?.[0] ?? ''
    const killed = status !== 0
    if (killed === (name === 'none')) survived++
    console.log(
      `${(killed ? 'killed' : 'alive').padEnd(8)}${name.padEnd(34)}${killed ? why.slice(0, 90) : ''}`,
    )
  }
} finally {
  rmSync(scratch, { recursive: true })
}
if (survived) console.log(`${survived} not as it should be`)
process.exitCode = survived ? 1 : 0
