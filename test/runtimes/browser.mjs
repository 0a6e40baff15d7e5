// Runs in a page, a worker and a SharedWorker: posts what was done, or the error.

import { converse } from './conversation.mjs'
import * as core from './node_modules/holdfast/dist/browser/index.js'
import { Session } from './node_modules/holdfast/dist/browser/session.js'

const answer = (port) =>
  converse({ ...core, Session }, `ws://${location.host}/`).then(
    (passed) => port.postMessage({ passed, source: 'global' }),
    (error) => port.postMessage({ error: `${error}` }),
  )

if ('onconnect' in self) self.onconnect = ({ ports: [port] }) => answer(port)
else answer(self)
