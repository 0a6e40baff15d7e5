// Breaks the session on purpose, one line at a time in a scratch copy, and shows which breaks the simulator notices.
import { spawnSync } from 'node:child_process'
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

const runs = process.env.RUNS ?? '2000'
const src = 'src/session'

const client = `${src}/client/client-session.ts`
const mutants = [
  [
    'no fence on the server',
    `${src}/server/server-connection.ts`,
    'if (this.over) return this.#ignored()',
    '',
  ],
  [
    // The session's own comparison of links is a second fence behind this one.
    'no fence on the client',
    'src/core/connection.ts',
    'if (this.isOver) return\n    if (this.#heartbeat) this',
    'if (this.#heartbeat) this',
  ],
  ['outbox not trimmed', `${src}/protocol/outbox.ts`, 'this.held.splice(0, got', 'this.held.slice(0, got'],
  ['no escape, client', `${src}/protocol/frames.ts`, /`!\$\{data\}` : data/, 'data : data'],
  ['no escape, server', `${src}/server/socket.ts`, /plainItem\(`!\$\{data\}`/, 'plainItem(data'],
  ['ack one too high, client', client, 'frame + this.#acknowledged', 'frame + (this.#acknowledged + 1)'],
  ['ack one too high, server', `${src}/protocol/inbox.ts`, 'return done\n', 'return done + 1\n'],
  [
    'a dropped frame, client',
    client,
    'this.#link?.send(escaped(next.data))',
    'this.outbox.written % 7 && this.#link?.send(escaped(next.data))',
  ],
  [
    'a dropped frame, server',
    `${src}/server/hosted-session.ts`,
    'connection.write(next.data',
    'outbox.written % 7 && connection.write(next.data',
  ],
  [
    'resend nothing',
    `${src}/protocol/outbox.ts`,
    'this.written = this.acked\n    this.#flying = 0',
    'this.written = this.highest\n    this.#flying = 0',
  ],
  [
    'resend one too early',
    `${src}/server/admission.ts`,
    'outbox.resume(got ?? 0)',
    'outbox.resume(Math.max(outbox.acked, (got ?? 0) - 1))',
  ],
  [
    'ack after the listener, server',
    `${src}/server/handler-queue.ts`,
    'report(error)\n    }\n    if (typeof',
    'report(error)\n      this.done--\n    }\n    if (typeof',
  ],
  [
    'repeats handed on',
    `${src}/server/hosted-session.ts`,
    'if (!inbox.received(data.length)) return',
    'inbox.received(data.length)',
  ],
  ['no goodbye', client, "link.send('!f')", 'void link'],
  ['no check of the attempt', `${src}/server/memory-store.ts`, 'if (n <= held.n)', 'if (n < 0)'],
  [
    'topic: repeats handed on',
    `${src}/client/topics.ts`,
    'const known = offset <= place.offset',
    'const known = false',
  ],
  ['topic: no place in the hello', client, 'topics: this.topics.cursors(room)', 'topics: undefined'],
  ['topic: no gap told', `${src}/client/topics.ts`, 'if (own && (!known', 'if (!own && (!known'],
  [
    'topic: goes on from the present',
    `${src}/server/subscription.ts`,
    'this.sent = known ? position.offset : feed.last',
    'this.sent = feed.last',
  ],
  [
    'topic: a trimmed log is not noticed',
    `${src}/server/subscription.ts`,
    'if (page.from > after + 1) {',
    'if (page.from < 0) {',
  ],
  [
    'topic: a message skipped',
    `${src}/server/topic-feed.ts`,
    'this.#tail.push(message)',
    'if (this.last % 7) this.#tail.push(message)',
  ],
  [
    'topic: an unannounced start is lost',
    `${src}/server/topics.ts`,
    'cursors.get(topic) ?? subscription.start',
    "cursors.get(topic) ?? ''",
  ],
]

const scratch = mkdtempSync(join(tmpdir(), 'holdfast-mutants-'))
let survived = 0
try {
  for (const part of ['src', 'test', 'scripts', 'package.json', 'vitest.config.ts', 'tsconfig.json'])
    cpSync(part, join(scratch, part), { recursive: true })
  symlinkSync(join(process.cwd(), 'node_modules'), join(scratch, 'node_modules'))
  for (const [name, file, from, to] of [['none', `${src}/protocol/inbox.ts`, '', ''], ...mutants]) {
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
