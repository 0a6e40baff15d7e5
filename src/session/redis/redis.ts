import { withTimeout } from '../server/with-timeout.ts'

/** The user's own connection to Redis: a client of the package `redis` (4 or later), connected, or of `ioredis`. */
export type RedisClient = NodeRedis | IoRedis

interface NodeRedis {
  sendCommand(args: string[]): Promise<unknown>
  duplicate(): unknown
}

interface IoRedis {
  call(command: string, ...args: string[]): Promise<unknown>
  duplicate(): unknown
}

interface Subscriber {
  connect?(): Promise<unknown>
  subscribe(channel: string, listener?: (message: string) => void): unknown
  on(event: string, listener: (...values: string[]) => void): unknown
  disconnect?(): unknown
}

/** How long Redis may take to answer, in ms. */
const PATIENCE = 2_000

/** What the store asks of Redis, whichever client it is. */
export class Redis {
  readonly #client: RedisClient
  readonly #hashes = new Map<string, Promise<string>>()
  #subscriber: Subscriber | undefined

  constructor(client: RedisClient) {
    this.#client = client
  }

  /** @throws {Error} when Redis refuses, is away, or does not answer in time; it may have done it then */
  async command(...args: (string | number)[]): Promise<unknown> {
    const [name = '', ...rest] = args.map(String)
    const client = this.#client
    const answer = 'call' in client ? client.call(name, ...rest) : client.sendCommand([name, ...rest])
    return withTimeout(answer, PATIENCE, 'Redis')
  }

  async script(lua: string, keys: string[], args: (string | number)[]): Promise<unknown[]> {
    let hash = this.#hashes.get(lua)
    if (!hash) {
      hash = this.command('SCRIPT', 'LOAD', lua) as Promise<string>
      this.#hashes.set(lua, hash)
      hash.catch(() => this.#hashes.delete(lua))
    }
    try {
      return (await this.command('EVALSHA', await hash, keys.length, ...keys, ...args)) as unknown[]
    } catch (error) {
      // A Redis that was started again has forgotten its scripts.
      if (!String(error).includes('NOSCRIPT')) throw error
      return (await this.command('EVAL', lua, keys.length, ...keys, ...args)) as unknown[]
    }
  }

  async listen(
    channel: string,
    heard: (message: string) => void,
    failed: (error: unknown) => void,
  ): Promise<void> {
    // What an attempt that failed has left.
    this.stop()
    const subscriber = this.#client.duplicate() as Subscriber
    this.#subscriber = subscriber
    subscriber.on('error', failed)
    if ('call' in this.#client) {
      subscriber.on('message', (_, message) => heard(message as string))
      await subscriber.subscribe(channel)
    } else {
      await subscriber.connect?.()
      await subscriber.subscribe(channel, heard)
    }
  }

  stop(): void {
    void Promise.resolve(this.#subscriber?.disconnect?.()).catch(() => {})
  }
}
