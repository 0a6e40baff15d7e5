// Breaks the session on purpose, one line at a time in a scratch copy, and shows which breaks the simulator notices.
// `RUNS` and `CLUSTER_RUNS`: how many runs each. `ONLY`: a part of the names of those to try.
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
    'this.written = this.acked\n    this.#inFlight = 0',
    'this.written = this.highest\n    this.#inFlight = 0',
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
    'const known = offset <= position.offset',
    'const known = false',
  ],
  ['topic: no gap reported', `${src}/client/topics.ts`, 'if (own && (!known', 'if (!own && (!known'],
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
  [
    'topic: an end is announced again only if the client was disconnected',
    `${src}/server/topics.ts`,
    'if (wasSubscribed) this.#noteEnd',
    'if (wasSubscribed && !session.connected) this.#noteEnd',
  ],
  [
    'topic: an end counts as confirmed once it is written',
    `${src}/server/server-connection.ts`,
    'this.#ping(confirmed)\n',
    'confirmed()\n',
  ],
]

/** Rules that only several processes with one store can break. */
const redis = `${src}/redis`
const clusterMutants = [
  ['store: no fence', `${redis}/scripts.ts`, "if h[2] ~= owner then return {'fenced', h[7] or ''} end", ''],
  [
    'store: the next process does not wait',
    `${redis}/redis-store.ts`,
    'if (died(owner) || performance.now() > until) free = owner',
    'if (owner) free = owner',
  ],
  [
    'stall: messages are handled without a lease',
    `${src}/server/hosted-session.ts`,
    'if (this.journal?.doubtful) return this.failed()',
    '',
  ],
  [
    'tail lost: the last write is not compared',
    `${redis}/scripts.ts`,
    "if last < relied then return {'lost'} end",
    '',
  ],
  [
    'tail lost: messages to other processes are not verified',
    `${redis}/redis-store.ts`,
    'if (this.#suspect) await this.#verify()',
    '',
  ],
  [
    'tail lost: later messages hide it',
    `${redis}/accepted.ts`,
    'this.#unverified.push(...this.#last)\n    this.#last.clear()',
    '',
  ],
  [
    'tail lost: a topic is continued',
    `${redis}/topic-scripts.ts`,
    /if known and \(known > last .* then return begin\(new\) end/,
    '',
  ],
  [
    'moves: the end of the older connection hands over',
    `${src}/server/admission.ts`,
    'session.connection = undefined\n',
    '\n',
  ],
  [
    'moves: also for an older attempt',
    `${src}/server/session-server.ts`,
    'session && session.n < n',
    'session',
  ],
  [
    'moves: subscriptions stay behind',
    `${src}/server/topics.ts`,
    'for (const topic of [...unresumed]) {',
    'for (const topic of unresumed.slice(0, 0)) {',
  ],
  [
    'moves: the next process does not know that a subscription has ended',
    `${src}/server/topics.ts`,
    'session.unsubscribed?.has(topic) || !session.connected',
    '!session.connected',
  ],
].map((mutant) => ({ mutant, test: 'several processes' }))

const chosen = [
  { mutant: ['none', `${src}/protocol/inbox.ts`, '', ''], test: 'runs' },
  ...mutants.map((mutant) => ({ mutant, test: 'both halves' })),
  ...clusterMutants,
].filter(({ mutant: [name] }) => name.includes(process.env.ONLY ?? ''))

const scratch = mkdtempSync(join(tmpdir(), 'holdfast-mutants-'))
let survived = 0
try {
  for (const part of ['src', 'test', 'scripts', 'package.json', 'vitest.config.ts', 'tsconfig.json'])
    cpSync(part, join(scratch, part), { recursive: true })
  symlinkSync(join(process.cwd(), 'node_modules'), join(scratch, 'node_modules'))
  for (const {
    mutant: [name, file, from, to],
    test,
  } of chosen) {
    const path = join(scratch, file)
    const whole = readFileSync(path, 'utf8')
    const broken = whole.replace(from, to)
    if (broken === whole && name !== 'none') throw new Error(`${name}: nothing to break in ${file}`)
    writeFileSync(path, broken)
    const args = ['vitest', 'run', '--project', 'session', 'test/session/simulation.test.ts', '-t', test]
    const { status, stdout, stderr } = spawnSync('npx', args, {
      cwd: scratch,
      encoding: 'utf8',
      env: { CLUSTER_RUNS: runs, ...process.env, RUNS: runs },
    })
    writeFileSync(path, whole)
    const why = /(seed \d+: .*)/.exec(stdout + stderr)?.[1] ?? /Error: .*/.exec(stdout + stderr)?.[0] ?? ''
    const killed = status !== 0
    if (killed === (name === 'none')) survived++
    console.log(
      `${(killed ? 'killed' : 'alive').padEnd(8)}${name.padEnd(60)}${killed ? why.slice(0, 90) : ''}`,
    )
  }
} finally {
  rmSync(scratch, { recursive: true })
}
if (survived) console.log(`${survived} not as it should be`)
process.exitCode = survived ? 1 : 0
