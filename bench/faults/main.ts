import { install } from '../install.ts'

install()
const { run } = await import('./run.ts')
await run()
process.exit()
