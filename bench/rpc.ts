import { type ChildProcess, fork } from 'node:child_process'

// biome-ignore lint/suspicious/noExplicitAny: arguments and answers are whatever the function on the other side has
type Functions = Record<string, (...given: any[]) => unknown>

/** Lets the parent process call these functions. */
export function serve(functions: Functions): void {
  process.on('message', async ({ id, name, given }: { id: number; name: string; given: unknown[] }) => {
    try {
      process.send?.({ id, value: await functions[name]?.(...given) })
    } catch (error) {
      process.send?.({ id, error: String((error as Error).stack) })
    }
  })
  process.on('disconnect', () => process.exit())
  process.send?.({ id: 0 })
}

/** A process of its own, so that what it costs is not counted for anybody else. */
export class Remote {
  readonly #child: ChildProcess
  readonly #waiting = new Map<number, { resolve: (value: never) => void; reject: (error: Error) => void }>()
  #last = 0
  readonly ready: Promise<void>

  constructor(file: string, flags: string[] = [], words: string[] = []) {
    this.ready = new Promise((resolve, reject) =>
      this.#waiting.set(0, { resolve: resolve as () => void, reject }),
    )
    this.#child = fork(file, words, { execArgv: flags })
    this.#child.on('message', ({ id, value, error }: { id: number; value: never; error?: string }) => {
      const asked = this.#waiting.get(id)
      this.#waiting.delete(id)
      if (error) asked?.reject(new Error(error))
      else asked?.resolve(value)
    })
    this.#child.on('exit', (code) => {
      for (const { reject } of this.#waiting.values()) reject(new Error(`${file} ended with ${code}`))
    })
  }

  call<Answer>(name: string, ...given: unknown[]): Promise<Answer> {
    return new Promise((resolve, reject) => {
      this.#waiting.set(++this.#last, { resolve, reject })
      this.#child.send({ id: this.#last, name, given })
    })
  }

  end(): void {
    this.#child.kill()
  }
}
