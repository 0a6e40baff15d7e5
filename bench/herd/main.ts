import { WebSocket } from 'ws'
import { install } from '../install.ts'

install()
// Some look for these when they are loaded or made, and all that is asked of them here is how long they would wait.
Object.assign(globalThis, { WebSocket })
if (!globalThis.navigator) Object.assign(globalThis, { navigator: {} })
const { run } = await import('./run.ts')
await run()
process.exit()
