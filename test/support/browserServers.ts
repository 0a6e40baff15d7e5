import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestProject } from 'vitest/node'
import { startServer } from '../../demo/server/server.ts'
import { startConversation } from './conversation.ts'

declare module 'vitest' {
  interface ProvidedContext {
    conversation: { url: string; refused: string }
    /** The demo server: where its pages are, and where its sockets. */
    demo: { url: string; socketUrl: string }
  }
}

/** Starts what the tests in the browser talk to, and tells them where it is. */
export default async function setup({ provide }: TestProject) {
  const { stop, ...conversation } = await startConversation()
  provide('conversation', conversation)

  const uploads = await mkdtemp(join(tmpdir(), 'holdfast-uploads-'))
  // The page of these tests is vitest's own.
  const demo = await startServer({ uploads, origins: ['*'] })
  provide('demo', { url: demo.url, socketUrl: demo.socketUrl })

  return async () => {
    await Promise.all([stop(), demo.close()])
    await rm(uploads, { recursive: true, force: true })
  }
}
