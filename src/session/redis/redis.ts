import { withTimeout } from '../server/with-timeout.ts'
import type { Script } from './scripts.ts'

/** The application's connection to Redis: a connected client or cluster of the package `redis` (4 or later), or of `ioredis`. */
export type RedisClient = NodeRedis | NodeRedisCluster | IoRedis

interface NodeRedis {
  sendCommand(args: string[]): Promise<unknown>
  duplicate(options?: object): unknown
}

interface NodeRedisCluster {
  /** The command goes to the node that has the first key. */
  sendCommand(firstKey: string | undefined, isReadonly: boolean | undefined, args: string[]): Promise<unknown>
  readonly masters: readonly unknown[]
  duplicate(options?: object): unknown
}

interface IoRedis {
  call(command: string, ...args: string[]): Promise<unknown>
  duplicate(options?: object): unknown
}

/** What the connections for pub/sub, of either package, are used for. */
interface Subscriber {
  connect?(): Promise<unknown>
  subscribe(channel: string, listener?: (message: string) => void): unknown
  unsubscribe(channel: string): unknown
  on(event: string, listener: (...values: string[]) => void): unknown
  disconnect?(): unknown
  destroy?(): unknown
}

/** How long Redis may take to answer, in ms. */
const TIMEOUT = 2_000

/** The commands that the store sends to Redis, and the channels that it listens to, whichever client it is given. */
export class Redis {
  readonly #client: RedisClient
  readonly #listeners = new Map<string, (message: string) => void>()
  #subscriber: Subscriber | undefined
  #subscribing: Promise<Subscriber> | undefined
  #over = false

  constructor(client: RedisClient) {
    this.#client = client
  }

  /** Calls `listener` when the client has connected again: Redis may have lost data, or been replaced. */
  onReconnect(listener: () => void): void {
    const client = this.#client as { on?(event: string, listener: () => void): unknown }
    // `+node` and `node-ready` are of clusters.
    for (const event of ['ready', '+node', 'node-ready']) client.on?.(event, listener)
  }

  /**
   * @param key decides which node of a cluster is asked
   * @throws {Error} when Redis refuses, is away, or does not answer in time; it may have executed the command then
   */
  async command(key: string, ...args: (string | number)[]): Promise<unknown> {
    const words = args.map(String)
    const [name = '', ...rest] = words
    const client = this.#client
    let answer: Promise<unknown>
    if ('call' in client) answer = client.call(name, ...rest)
    else if ('masters' in client) answer = client.sendCommand(key, false, words)
    else answer = client.sendCommand(words)
    return withTimeout(answer, TIMEOUT, 'Redis')
  }

  async script({ lua, sha1 }: Script, keys: string[], args: (string | number)[]): Promise<unknown[]> {
    const [key = ''] = keys
    try {
      return (await this.command(key, 'EVALSHA', await sha1, keys.length, ...keys, ...args)) as unknown[]
    } catch (error) {
      // Redis was restarted, or this node has not run the script yet.
      if (!String(error).includes('NOSCRIPT')) throw error
      return (await this.command(key, 'EVAL', lua, keys.length, ...keys, ...args)) as unknown[]
    }
  }

  /** `INFO <section>` of each primary. */
  async info(section: string): Promise<string[]> {
    const client = this.#client as {
      nodes?(role: string): IoRedis[]
      masters?: readonly unknown[]
      nodeClient?(node: unknown): Promise<NodeRedis>
    } & IoRedis &
      NodeRedis
    let answers: Promise<unknown>[]
    if (client.nodes) answers = client.nodes('master').map((node) => node.call('INFO', section))
    else if (client.masters)
      answers = client.masters.map(async (node) =>
        (await client.nodeClient?.(node))?.sendCommand(['INFO', section]),
      )
    else answers = [this.command('', 'INFO', section)]
    return (await withTimeout(Promise.all(answers), TIMEOUT, 'Redis')).map(String)
  }

  /** Calls `listener` with each message of the channel, from when this resolves. */
  async listen(channel: string, onMessage: (message: string) => void): Promise<void> {
    this.#listeners.set(channel, onMessage)
    const subscriber = await this.#connectSubscriber()
    const listener =
      'call' in this.#client ? undefined : (message: string) => this.#received(channel, message)
    const done = listener ? subscriber.subscribe(channel, listener) : subscriber.subscribe(channel)
    await withTimeout(Promise.resolve(done), TIMEOUT, 'Redis')
  }

  async unlisten(channel: string): Promise<void> {
    this.#listeners.delete(channel)
    await this.#subscriber?.unsubscribe(channel)
  }

  stop(): void {
    this.#over = true
    const subscriber = this.#subscriber
    const ended = subscriber?.destroy ? subscriber.destroy() : subscriber?.disconnect?.()
    void Promise.resolve(ended).catch(() => {})
  }

  /** Called when the channels are listened to again after a break: messages were missed. */
  onMissed: () => void = () => {}

  #received(channel: string, message: string): void {
    if (!this.#over) this.#listeners.get(channel)?.(message)
  }

  #connectSubscriber(): Promise<Subscriber> {
    this.#subscribing ??= this.#connect().catch((error) => {
      this.#subscribing = undefined
      throw error
    })
    return this.#subscribing
  }

  async #connect(): Promise<Subscriber> {
    // ioredis leaves the answer unhandled when it subscribes again by itself.
    const single = 'call' in this.#client && !('nodes' in this.#client)
    const subscriber = this.#client.duplicate(single ? { autoResubscribe: false } : undefined) as Subscriber
    this.#subscriber = subscriber
    subscriber.on('error', () => {})
    if ('call' in this.#client) {
      subscriber.on('message', (channel, message) => this.#received(channel as string, message as string))
      // Messages may have been missed until it has subscribed again.
      const again = async () => {
        const channels = [...this.#listeners.keys()]
        for (const channel of channels) await subscriber.subscribe(channel)
        if (channels.length) this.onMissed()
      }
      for (const event of ['ready', '+subscriber']) subscriber.on(event, () => void again().catch(() => {}))
    } else {
      subscriber.on('ready', () => this.onMissed())
      await subscriber.connect?.()
    }
    return subscriber
  }
}
