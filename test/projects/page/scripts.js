import { connect } from './connect.js'

connect(Holdfast, () => new SharedWorker('/worker.js'))
