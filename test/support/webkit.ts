import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as wait } from 'node:timers/promises'
import { executable } from '../../scripts/executables.js'
import { freePort } from './free-port.ts'

/** A WebKitGTK page, driven by plain W3C WebDriver: https://w3c.github.io/webdriver/ */
export interface WebkitPage {
  /** Of the browser. */
  version: string
  goto(url: string): Promise<void>
  /** Runs the body of a function in the page; what it returns must be JSON. */
  run<Result>(body: string, ...args: unknown[]): Promise<Result>
  /** Opens another tab, in which everything happens from now on. Returns the handle of the tab before. */
  openTab(): Promise<string>
  /** Closes the tab, and goes on in another one. */
  closeTab(next: string): Promise<void>
  close(): Promise<void>
}

/** Starts a screen, a driver and a browser of their own. */
export async function launchWebkit(): Promise<WebkitPage> {
  const children: ChildProcess[] = []
  const start = (command: string, args: string[], display = '') => {
    // A browser of its own to the end: no session of the user's desktop is spoken to.
    const env = { ...process.env, DISPLAY: display, GDK_BACKEND: 'x11', NO_AT_BRIDGE: '1' }
    const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'ignore'] })
    children.push(child)
    return child
  }
  const close = async () => {
    for (const child of children.reverse()) {
      if (child.exitCode !== null || !child.kill()) continue
      await once(child, 'exit')
    }
  }
  try {
    // Xvfb takes a free display and tells which.
    const screen = start(await executable('Xvfb'), [
      '-displayfd',
      '1',
      '-screen',
      '0',
      '1280x800x24',
      '-nolisten',
      'tcp',
    ])
    const [number] = await once(screen.stdout as NodeJS.ReadableStream, 'data')
    const port = await freePort()
    start(
      await executable('WebKitWebDriver'),
      [`--port=${port}`, '--host=127.0.0.1'],
      `:${`${number}`.trim()}`,
    )
    const driver = `http://127.0.0.1:${port}`
    const ask = async (method: string, path: string, body?: unknown) => {
      const response = await fetch(driver + path, { method, ...(body ? { body: JSON.stringify(body) } : {}) })
      const { value } = (await response.json()) as { value: { error?: string; message?: string } }
      if (value?.error) throw new Error(`WebKitWebDriver: ${value.error}: ${value.message}`)
      return value as unknown
    }
    for (let tries = 0; ; tries++) {
      const ready = await ask('GET', '/status').catch(() => undefined)
      if (ready) break
      if (tries > 100) throw new Error('WebKitWebDriver does not answer')
      await wait(50)
    }
    const browser = { binary: await executable('MiniBrowser'), args: ['--automation'] }
    const capabilities = { alwaysMatch: { 'webkitgtk:browserOptions': browser } }
    const { sessionId, capabilities: given } = (await ask('POST', '/session', { capabilities })) as {
      sessionId: string
      capabilities: { browserVersion: string }
    }
    const session = `/session/${sessionId}`
    return {
      version: given.browserVersion,
      goto: async (url) => void (await ask('POST', `${session}/url`, { url })),
      run: async <Result>(script: string, ...args: unknown[]) =>
        (await ask('POST', `${session}/execute/sync`, { script, args })) as Result,
      openTab: async () => {
        const before = (await ask('GET', `${session}/window`)) as string
        const { handle } = (await ask('POST', `${session}/window/new`, { type: 'tab' })) as { handle: string }
        await ask('POST', `${session}/window`, { handle })
        return before
      },
      closeTab: async (handle) => {
        await ask('DELETE', `${session}/window`)
        await ask('POST', `${session}/window`, { handle })
      },
      close: async () => {
        await ask('DELETE', session).catch(() => {})
        await close()
      },
    }
  } catch (error) {
    await close()
    throw error
  }
}
