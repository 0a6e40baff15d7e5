export type { RedisClient } from './redis.ts'
export { RedisStore, type RedisStoreOptions } from './redis-store.ts'
