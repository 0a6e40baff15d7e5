import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { type Browser, chromium } from 'playwright'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { find } from '../../scripts/executables.js'
import { flags } from '../support/flags.ts'
import { freePort } from '../support/free-port.ts'
import { blocks } from './markdown.ts'

/** The reader's folder, made as the page says: its files, and the two packages. */
function prepare(page: string): string {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-chat-'))
  for (const { words, code } of blocks(page)) {
    const file = words.find((word) => word.startsWith('file='))?.slice('file='.length)
    if (file) writeFileSync(join(folder, file), code)
  }
  mkdirSync(join(folder, 'node_modules'))
  symlinkSync(resolve('node_modules/ws'), join(folder, 'node_modules/ws'))
  symlinkSync(resolve('.'), join(folder, 'node_modules/holdfast'))
  return folder
}

/** Starts the server of the page, and resolves with its address. */
async function serve(folder: string, port: string): Promise<{ child: ChildProcess; address: string }> {
  const child = spawn(process.execPath, ['server.mjs'], { cwd: folder, env: { ...process.env, PORT: port } })
  const address = await new Promise<string>((done, fail) => {
    child.stdout.once('data', (line) => done(String(line).trim()))
    child.stderr.on('data', (line) => fail(new Error(String(line))))
  })
  return { child, address }
}

const stop = (child: ChildProcess) =>
  new Promise((done) => {
    child.once('exit', done)
    child.kill()
  })

let browser: Browser

beforeAll(async () => {
  const executablePath = await find('chromium')
  browser = await chromium.launch({ args: flags, ...(executablePath ? { executablePath } : {}) })
}, 60_000)

afterAll(async () => {
  await browser?.close()
})

describe.each(['docs/getting-started.md', 'docs/session.md'])('the chat of %s', (source) => {
  test('works as the page says, through a restart of its server', async () => {
    const folder = prepare(source)
    onTestFinished(() => rmSync(folder, { recursive: true }))
    const port = `${await freePort()}`
    const first = await serve(folder, port)
    const [ann, ben] = [await browser.newPage(), await browser.newPage()]
    for (const page of [ann, ben]) {
      await page.goto(first.address)
      await page.getByText('open', { exact: true }).waitFor()
    }
    await ann.getByLabel('Message').fill('hello')
    await ann.getByRole('button').click()
    await ben.getByText('Ann: hello').waitFor()
    // The page of the session counts what the server has acknowledged.
    const counts = source === 'docs/session.md'
    if (counts) await ann.getByText('Delivered: 1').waitFor()

    await stop(first.child)
    await ann.getByText('waiting', { exact: true }).waitFor()
    await ann.getByLabel('Message').fill('are you there?')
    await ann.getByRole('button').click()
    const second = await serve(folder, port)
    await ann.getByText('Ann: are you there?').waitFor()
    expect(await ann.getByText('hello').count()).toBe(1)
    expect(await ann.getByText('are you there?').count()).toBe(1)
    if (counts) await ann.getByText('Delivered: 2').waitFor()
    await stop(second.child)
    for (const page of [ann, ben]) await page.close()
  })
})
