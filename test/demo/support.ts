import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { type ClientOptions, WebSocket } from 'ws'
import { type DemoServer, type ServerOptions, startServer } from '../../demo/server/server.ts'

/** A server of the test's own, closed with it. */
export async function serve(options: ServerOptions = {}): Promise<DemoServer & { folder: string }> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-demo-'))
  const server = await startServer({ uploads: folder, ...options })
  onTestFinished(async () => {
    await server.close()
    await rm(folder, { recursive: true, force: true })
  })
  return { ...server, folder }
}

/** A client that keeps every frame until somebody asks for it. */
export class Client {
  readonly socket: WebSocket
  readonly closed: Promise<{ code: number; reason: string }>
  readonly #frames: (string | Buffer)[] = []
  #wake = () => {}

  constructor(url: string, protocols?: string[], options?: ClientOptions) {
    this.socket = new WebSocket(url, protocols, options)
    this.socket.on('message', (data: Buffer, isBinary) => {
      this.#frames.push(isBinary ? data : data.toString())
      this.#wake()
    })
    this.closed = new Promise((resolve) => {
      this.socket.on('close', (code, reason) => resolve({ code, reason: reason.toString() }))
    })
    this.socket.on('error', () => {})
  }

  opened(): Promise<this> {
    return new Promise((resolve, reject) => {
      this.socket.once('open', () => resolve(this))
      this.socket.once('error', reject)
    })
  }

  send(data: string | Buffer | object): void {
    const raw = typeof data === 'string' || Buffer.isBuffer(data)
    this.socket.send(raw ? data : JSON.stringify(data))
  }

  /** The next frame. */
  async next(): Promise<string | Buffer> {
    for (;;) {
      const frame = this.#frames.shift()
      if (frame !== undefined) return frame
      await new Promise<void>((resolve) => {
        this.#wake = resolve
      })
    }
  }

  /** The next text frame of this type, as JSON; what comes before it is passed over. */
  async json(type?: string): Promise<Record<string, unknown>> {
    for (;;) {
      const frame = await this.next()
      if (typeof frame !== 'string' || frame === 'pong') continue
      const value = JSON.parse(frame)
      if (type === undefined || value.type === type) return value
    }
  }

  /** Everything that has come and not been asked for. */
  rest(): (string | Buffer)[] {
    return this.#frames.splice(0)
  }
}

export async function connect(url: string, protocols?: string[], options?: ClientOptions): Promise<Client> {
  const client = new Client(url, protocols, options)
  onTestFinished(() => client.socket.terminate())
  return client.opened()
}

/** The HTTP answer to an upgrade that was refused. */
export function refused(
  url: string,
  protocols?: string[],
  options?: ClientOptions,
): Promise<{ status: number; body: string }> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, protocols, options)
    socket.on('open', () => reject(new Error('it was let in')))
    socket.on('error', reject)
    socket.on('unexpected-response', (_request, response) => {
      let body = ''
      response.on('data', (chunk) => {
        body += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode ?? 0, body }))
    })
  })
}

/** A round trip: whatever was on its way to or from this server before has arrived. */
export async function settle({ socketUrl }: DemoServer): Promise<void> {
  const client = await connect(`${socketUrl}/ws`)
  client.send('ping')
  while ((await client.next()) !== 'pong');
  client.socket.terminate()
}

/** The smallest PNG there is: one pixel. */
export const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
