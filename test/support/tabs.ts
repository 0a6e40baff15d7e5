import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket } from 'ws'
import { executable } from '../../scripts/executables.js'
import { flags } from './flags.ts'

export interface Tab {
  /** Brings it to the front, and hides the one that was there. */
  show: () => Promise<unknown>
  /** Freezes it, as Chromium does with tabs in the background, or thaws it. Only a hidden tab can be frozen. */
  become: (state: 'frozen' | 'active') => Promise<unknown>
  /** The value of an expression in the page; a promise is waited for. */
  run: <Result>(expression: string) => Promise<Result>
}

interface Answer {
  id?: number
  result?: unknown
  error?: { message: string }
}

/**
 * Chromium with tabs as people have them, over plain CDP: playwright tells every page that it is visible and focused, so
 * that there a tab in the background is not throttled.
 */
export async function launchTabs(more: string[] = []) {
  const profile = await mkdtemp(join(tmpdir(), 'holdfast-tabs-'))
  const args = [
    '--headless=new',
    '--remote-debugging-port=0',
    `--user-data-dir=${profile}`,
    ...flags,
    ...more,
  ]
  const browser = spawn(await executable('chromium'), args, { stdio: ['ignore', 'ignore', 'pipe'] })
  const address = await new Promise<string>((resolve) => {
    let said = ''
    browser.stderr.on('data', (chunk) => {
      said += chunk
      const [url] = /ws:\/\/\S+/.exec(said) ?? []
      if (url) resolve(url)
    })
  })
  const wire = new WebSocket(address)
  await once(wire, 'open')
  const waiting = new Map<number, (answer: Answer) => void>()
  wire.on('message', (data) => {
    const answer = JSON.parse(data.toString()) as Answer
    if (answer.id) waiting.get(answer.id)?.(answer)
  })
  let asked = 0
  const ask = <Result>(method: string, params: object = {}, sessionId?: string) =>
    new Promise<Result>((resolve, reject) => {
      const id = ++asked
      waiting.set(id, ({ error, result }) =>
        error ? reject(new Error(error.message)) : resolve(result as Result),
      )
      wire.send(JSON.stringify({ id, method, params, sessionId }))
    })
  return {
    open: async (url: string): Promise<Tab> => {
      const { targetId } = await ask<{ targetId: string }>('Target.createTarget', { url })
      const { sessionId } = await ask<{ sessionId: string }>('Target.attachToTarget', {
        targetId,
        flatten: true,
      })
      return {
        show: () => ask('Target.activateTarget', { targetId }),
        become: (state) => ask('Page.setWebLifecycleState', { state }, sessionId),
        run: async <Result>(expression: string) => {
          const params = { expression, awaitPromise: true, returnByValue: true }
          const { result, exceptionDetails } = await ask<{
            result: { value: Result }
            exceptionDetails?: { text: string }
          }>('Runtime.evaluate', params, sessionId)
          if (exceptionDetails) throw new Error(exceptionDetails.text)
          return result.value
        },
      }
    },
    close: async () => {
      const gone = once(browser, 'exit')
      wire.send(JSON.stringify({ id: ++asked, method: 'Browser.close' }))
      await gone
      await rm(profile, { recursive: true, force: true, maxRetries: 3 })
    },
  }
}
