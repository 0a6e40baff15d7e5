import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as wait } from 'node:timers/promises'
import { Redis } from 'ioredis'
import { executable } from '../../../scripts/executables.js'
import { freePort } from '../../support/free-port.ts'

const ended = async (child: ChildProcess, signal: NodeJS.Signals) => {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exit = once(child, 'exit')
  child.kill(signal)
  await exit
}

/** Everything is on disk before it answers. */
const durable = ['--appendonly', 'yes', '--appendfsync', 'always']

/** A Redis of our own. */
export async function startRedis(more: string[] = durable) {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-redis-'))
  const port = await freePort()
  const args = ['--port', `${port}`, '--bind', '127.0.0.1', '--dir', folder, '--save', '', ...more]
  let child: ChildProcess
  const client = new Redis(port, '127.0.0.1', { lazyConnect: true, maxRetriesPerRequest: null })
  client.on('error', () => {})
  const start = async () => {
    child = spawn(await executable('redis-server'), args, { stdio: 'ignore' })
    await client.ping()
  }
  await start()
  return {
    port,
    client,
    stop: () => ended(child, 'SIGTERM'),
    kill: () => ended(child, 'SIGKILL'),
    start,
    /** It takes connections and commands, and answers none of them, until it is resumed. */
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    remove: async () => {
      client.disconnect()
      await ended(child, 'SIGKILL')
      await rm(folder, { recursive: true })
    },
  }
}

/** A Redis Cluster of three primaries. */
export async function startCluster() {
  const nodes = await Promise.all(
    [0, 1, 2].map(() => startRedis(['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'])),
  )
  const [first] = nodes
  const slots = [0, 5_461, 10_923, 16_384]
  for (const [at, { client }] of nodes.entries()) {
    await client.call('CLUSTER', 'ADDSLOTSRANGE', `${slots[at]}`, `${(slots[at + 1] ?? 0) - 1}`)
    await client.call('CLUSTER', 'MEET', '127.0.0.1', `${first?.port}`)
  }
  const ready = async () => {
    const states = await Promise.all(nodes.map(({ client }) => client.call('CLUSTER', 'INFO')))
    return states.every((state) => /cluster_state:ok/.test(`${state}`) && /known_nodes:3/.test(`${state}`))
  }
  while (!(await ready())) await wait(50)
  return {
    ports: nodes.map(({ port }) => port),
    nodes,
    remove: () => Promise.all(nodes.map((node) => node.remove())),
  }
}

export interface Node {
  port: number
  /** When it last opened a session; 0 for never. */
  opened: number
  id: string | undefined
  /** What was handed to its application, and which sessions ended there. */
  received: string[]
  ended: string[]
  kill: () => Promise<void>
  pause: () => void
  resume: () => void
  /** Its wall clock goes back by an hour. */
  setBack: () => Promise<void>
  /** A line for its standard input: see node.ts. */
  tell: (line: string) => void
}

/** One server process. */
export async function startNode(
  redis: number,
  client: string,
  ttl = 30,
  maxPayload = 104_857_600,
): Promise<Node> {
  const file = join(import.meta.dirname, 'node.ts')
  const args = ['--import', 'tsx', file, `${redis}`, client, `${ttl}`, `${maxPayload}`]
  const child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  let back = false
  const node: Node = {
    port: 0,
    opened: 0,
    id: undefined,
    received: [],
    ended: [],
    kill: () => ended(child, 'SIGKILL'),
    pause: () => child.kill('SIGSTOP'),
    resume: () => child.kill('SIGCONT'),
    setBack: async () => {
      child.kill('SIGUSR2')
      while (!back) await wait(10)
    },
    tell: (line) => child.stdin.write(`${line}\n`),
  }
  createInterface({ input: child.stdout }).on('line', (line) => {
    const [what, value] = line.split(' ')
    if (what === 'port') node.port = Number(value)
    else if (what === 'opened') {
      node.opened = performance.now()
      node.id = value
    } else if (what === 'received') node.received.push(value as string)
    else if (what === 'ended') node.ended.push(line)
    else if (what === 'back') back = true
  })
  while (!node.port) {
    if (child.exitCode !== null) throw new Error('the node did not start')
    await wait(10)
  }
  return node
}

/** A real nginx that spreads connections over servers, which may come and go. */
export async function startBalancer() {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-balancer-'))
  const port = await freePort()
  const file = join(folder, 'nginx.conf')
  const temporary = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi']
  const configure = (ports: number[]) =>
    writeFile(
      file,
      `daemon off; master_process on; pid ${folder}/nginx.pid; error_log /dev/null; events {}
http {
  access_log off;
  ${temporary.map((name) => `${name}_temp_path ${folder}/${name};`).join(' ')}
  upstream nodes { ${ports.map((one) => `server 127.0.0.1:${one} max_fails=0;`).join(' ')} }
  server {
    listen 127.0.0.1:${port};
    location / {
      proxy_http_version 1.1;
      proxy_connect_timeout 1s;
      proxy_set_header Upgrade $http_upgrade;
      proxy_set_header Connection upgrade;
      proxy_pass http://nodes;
    }
  }
}`,
    )
  let child: ChildProcess | undefined
  return {
    url: `ws://127.0.0.1:${port}/`,
    /** Connections over servers that stay are not disturbed. */
    over: async (ports: number[]) => {
      await configure(ports)
      if (child) child.kill('SIGHUP')
      else
        child = spawn(await executable('nginx'), ['-p', folder, '-c', file, '-e', '/dev/null'], {
          stdio: 'ignore',
        })
    },
    stop: async () => {
      if (child) await ended(child, 'SIGTERM')
      await rm(folder, { recursive: true })
    },
  }
}
