import { Socket } from '../../src/index.ts'
import { serveTabs } from '../../src/tabs/index.ts'

serveTabs(new Socket(decodeURIComponent(location.search.slice(1))))
