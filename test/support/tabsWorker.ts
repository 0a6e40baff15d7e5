import { Socket } from '../../src/index.ts'
import { serveTabs } from '../../src/tabs/index.ts'

/** The SharedWorker of one address, which is its name. */
serveTabs(new Socket(self.name), { linger: 0 })
