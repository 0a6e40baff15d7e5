import { setTimeout as wait } from 'node:timers/promises'
import { createClient } from 'redis'
import { RedisStore } from '../../src/session/redis/index.ts'

/** The store of sessions and topics that a process shares with others that use the same Redis. */
export interface Shared {
  store: RedisStore
  close: () => void
}

/** How long Redis may take to be there at the start, in ms. */
const CONNECT_TIMEOUT = 5_000

export async function share(url: string, log: (line: string) => void): Promise<Shared> {
  const client = createClient({ url })
  client.on('error', (error) => log(`Redis: ${error.message}`))
  const connected = client.connect()
  const late = new AbortController()
  try {
    await Promise.race([
      connected,
      wait(CONNECT_TIMEOUT, undefined, { signal: late.signal }).then(() => {
        throw new Error(`no Redis answers at ${new URL(url).host}`)
      }),
    ])
  } catch (error) {
    connected.catch(() => {})
    client.destroy()
    throw error
  } finally {
    late.abort()
  }
  return {
    store: new RedisStore(client, { prefix: 'holdfast-demo:' }),
    close: () => {
      if (client.isOpen) client.destroy()
    },
  }
}
