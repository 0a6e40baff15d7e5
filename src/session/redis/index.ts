export type { RedisClient } from './client.ts'
export { RedisStore, type RedisStoreOptions } from './store.ts'
