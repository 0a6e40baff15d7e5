import { Socket } from './node_modules/holdfast/dist/browser/index.js'
import { serveTabs } from './node_modules/holdfast/dist/browser/tabs.js'

serveTabs(new Socket(`ws://${location.host}/`))
