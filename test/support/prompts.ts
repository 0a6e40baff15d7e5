import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import { setTimeout as wait } from 'node:timers/promises'
import { type Browser, chromium } from 'playwright'
import { WebSocket } from 'ws'
import { executable } from '../../scripts/executables.js'
import { flags } from './flags.ts'
import { freePort } from './free-port.ts'

/**
 * Chromium with a window, in which a permission prompt is shown and answered by a click, as users do it. Without a window
 * Chromium denies at once, and a permission that is changed by CDP does not answer a prompt that is open.
 */
export interface PromptingBrowser {
  browser: Browser
  /** Waits for the prompt, and clicks this button of it until the prompt is gone. */
  answer(button: 'Allow' | 'Block'): Promise<void>
  close(): Promise<void>
}

/** Starts an X display of its own (Xvfb), and a browser on it. */
export async function launchPrompting(args: string[]): Promise<PromptingBrowser> {
  const screen = spawn(
    await executable('Xvfb'),
    ['-displayfd', '1', '-screen', '0', '1280x800x24', '-nolisten', 'tcp'],
    { stdio: ['ignore', 'pipe', 'ignore'] },
  )
  try {
    const display = `${(await once(screen.stdout, 'data'))[0]}`.trim()
    const port = await freePort()
    const browser = await chromium.launch({
      executablePath: await executable('chromium'),
      headless: false,
      env: { ...process.env, DISPLAY: `:${display}` },
      args: [...flags, `--enable-ui-devtools=${port}`, ...args],
    })
    const answer = async (button: string) => {
      while (!(await findButton(port, button))) await wait(100)
      // Chromium ignores a click that comes soon after the prompt, or after another one.
      for (let place: Place | undefined; ; await wait(1_000)) {
        place = await findButton(port, button)
        if (!place) return
        await click(display, place)
      }
    }
    return {
      browser,
      answer,
      close: async () => {
        await browser.close()
        await end(screen)
      },
    }
  } catch (error) {
    await end(screen)
    throw error
  }
}

async function end(child: ChildProcess): Promise<void> {
  const gone = once(child, 'exit')
  if (child.kill()) await gone
}

interface Place {
  x: number
  y: number
}

/** A node in the tree of the browser's windows. `attributes`: names and values alternate. */
interface Node {
  nodeId: number
  attributes?: string[]
  children?: Node[]
}

interface Styles {
  matchedCSSRules: { rule: { style: { cssProperties: { name: string; value: string }[] } } }[]
}

/** The middle of a button of the permission prompt, found by its text in the tree that Chromium's UI DevTools show. */
async function findButton(port: number, text: string): Promise<Place | undefined> {
  const socket = new WebSocket(`ws://127.0.0.1:${port}/0`)
  await once(socket, 'open')
  const waiting = new Map<number, (result: unknown) => void>()
  socket.on('message', (data) => {
    const { id, result } = JSON.parse(data.toString()) as { id?: number; result?: unknown }
    if (id) waiting.get(id)?.(result)
  })
  let asked = 0
  const ask = <Result>(method: string, params: object = {}) =>
    new Promise<Result>((resolve) => {
      waiting.set(++asked, resolve as (result: unknown) => void)
      socket.send(JSON.stringify({ id: asked, method, params }))
    })
  const properties = async ({ nodeId }: Node) => {
    const { matchedCSSRules } = await ask<Styles>('CSS.getMatchedStylesForNode', { nodeId })
    const all = matchedCSSRules.flatMap(({ rule }) => rule.style.cssProperties)
    return new Map(all.map(({ name, value }) => [name, value]))
  }
  try {
    await ask('DOM.enable')
    await ask('CSS.enable')
    const { root } = await ask<{ root: Node }>('DOM.getDocument')
    for (const path of paths(root, 'PermissionPromptBubbleBaseView', 'MdTextButton')) {
      // The window that the tree begins with, then views, each placed in the one before.
      const [window, ...views] = await Promise.all(path.map(properties))
      const button = views.at(-1)
      if (button?.get('Text') !== text) continue
      const [left = 0, top = 0] = (window?.get('WindowBoundsInScreen') ?? '').split(/[, ]/).map(Number)
      const place = { x: left + Number(button.get('Width')) / 2, y: top + Number(button.get('Height')) / 2 }
      for (const view of views) {
        place.x += Number(view.get('X'))
        place.y += Number(view.get('Y'))
      }
      return { x: Math.round(place.x), y: Math.round(place.y) }
    }
    return undefined
  } finally {
    socket.close()
  }
}

/** All paths from the innermost node called `from` down to nodes called `to`. */
function paths(node: Node, from: string, to: string, path: Node[] = []): Node[][] {
  const name = node.attributes?.[node.attributes.indexOf('name') + 1]
  const here = name === from ? [node] : path.length ? [...path, node] : path
  if (name === to && here.length) return [here]
  return (node.children ?? []).flatMap((child) => paths(child, from, to, here))
}

/** Clicks with the pointer of an X display, by its XTEST extension: Chromium's prompts ignore synthetic input. */
async function click(display: string, { x, y }: Place): Promise<void> {
  const socket = connect(`/tmp/.X11-unix/X${display}`)
  await once(socket, 'connect')
  let received = Buffer.alloc(0)
  let wake = () => {}
  socket.on('data', (data) => {
    received = Buffer.concat([received, data])
    wake()
  })
  const read = async (bytes: number) => {
    while (received.length < bytes)
      await new Promise<void>((resolve) => {
        wake = resolve
      })
    const part = received.subarray(0, bytes)
    received = received.subarray(bytes)
    return part
  }
  // Little-endian, version 11, no authorization.
  socket.write(Buffer.from([0x6c, 0, 11, 0, 0, 0, 0, 0, 0, 0, 0, 0]))
  const header = await read(8)
  if (header[0] !== 1) throw new Error('The X server refused the connection')
  await read(header.readUInt16LE(6) * 4)
  // QueryExtension.
  socket.write(Buffer.concat([Buffer.from([98, 0, 4, 0, 5, 0, 0, 0]), Buffer.from('XTEST\0\0\0')]))
  const { 8: isPresent, 9: opcode = 0 } = await read(32)
  if (!isPresent) throw new Error('The X server has no XTEST')
  // FakeInput: 6 moves the pointer, 4 presses its first button, 5 releases it.
  for (const [type, detail] of [
    [6, 0],
    [4, 1],
    [5, 1],
  ] as const) {
    const input = Buffer.alloc(36)
    input.set([opcode, 2, 9, 0, type, detail])
    input.writeInt16LE(x, 24)
    input.writeInt16LE(y, 26)
    socket.write(input)
  }
  // The answer to any request shows that all before it were handled. GetInputFocus.
  socket.write(Buffer.from([43, 0, 1, 0]))
  await read(32)
  socket.end()
}
