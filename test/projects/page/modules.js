import { connect } from './connect.js'
import * as core from './node_modules/holdfast/dist/browser/index.js'
import * as inspector from './node_modules/holdfast/dist/browser/inspect.js'
import * as session from './node_modules/holdfast/dist/browser/session.js'
import * as tabs from './node_modules/holdfast/dist/browser/tabs.js'
import * as websocket from './node_modules/holdfast/dist/browser/websocket.js'

inspector.defineInspector()
connect(
  { ...core, ...inspector, ...session, ...tabs, ...websocket },
  () => new SharedWorker('/module-worker.js', { type: 'module' }),
)
