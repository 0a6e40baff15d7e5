import { onTestFinished } from 'vitest'
import { RedisStore } from '../../src/session/redis/index.ts'
import type { Store } from '../../src/session/server/index.ts'
import { startRedis } from './redis/processes.ts'

/** For tests over each store: its name, and the option of `Sessions`. */
export const stores: [name: string, open: () => Promise<{ store?: Store }>][] = [
  ['memory', async () => ({})],
  [
    'Redis',
    async () => {
      const redis = await startRedis()
      onTestFinished(redis.remove)
      return { store: new RedisStore(redis.client) }
    },
  ],
]
