// Renders the page as a server does for 100 requests. SERVER is where a component that connects would connect to.
import { readFileSync, writeFileSync } from 'node:fs'
import { renderToString } from 'react-dom/server'
import { WebSocket } from 'ws'
import { App } from './App.jsx'

// As from Node 22: a connection would be made, if anything tried to.
globalThis.WebSocket = WebSocket
const requests = Array.from({ length: 100 }, () => renderToString(<App url={process.env.SERVER} />))
// A connection that was begun in a later task would still be counted: Node ends when nothing is left to do.
const page = readFileSync('dist/index.html', 'utf8')
writeFileSync('dist/index.html', page.replace('<!-- app -->', requests[0]))
