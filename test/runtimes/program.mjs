// Runs in Node, Bun and Deno: prints what was done and where the WebSocket comes from.
import * as core from 'holdfast'
import { Session } from 'holdfast/session'
import { converse } from './conversation.mjs'

const isGlobal = typeof globalThis.WebSocket === 'function'
const options = isGlobal ? {} : { WebSocket: (await import('ws')).WebSocket }
const passed = await converse({ ...core, Session }, process.argv[2], options)
console.log(JSON.stringify({ passed, source: isGlobal ? 'global' : 'option `WebSocket`, of `ws`' }))
