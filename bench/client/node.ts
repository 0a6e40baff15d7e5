import './timers.ts'

import { WebSocket } from 'ws'
import { serve } from '../rpc.ts'
import * as operations from './operations.ts'
import { timers } from './timers.ts'

Object.assign(globalThis, { WebSocket })

/** What this process has used of the processors so far, its helper threads included, in ms. */
const cpu = () => {
  const { user, system } = process.cpuUsage()
  return (user + system) / 1_000
}

const heap = async () => {
  // What one collection finds to be dead holds things that only the next one may free.
  for (let i = 0; i < 4; i++) {
    globalThis.gc?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  const { heapUsed, external } = process.memoryUsage()
  return heapUsed + external
}

serve({ ...operations, timers, cpu, heap })
