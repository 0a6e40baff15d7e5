import { expect, test } from 'vitest'

type Class = typeof WebSocket

/** What a call threw, as script sees it; 'nothing' when it threw nothing. */
export const thrown = (act: () => unknown): string => {
  try {
    act()
    return 'nothing'
  } catch (error) {
    const { name, constructor: kind } = error as Error
    return `${kind.name} ${name}`
  }
}

/** The next event of that name. */
export const next = <Type extends keyof WebSocketEventMap>(socket: WebSocket, type: Type) =>
  new Promise<WebSocketEventMap[Type]>((resolve) =>
    socket.addEventListener(type, resolve as (event: Event) => void, { once: true }),
  )

export const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))

/** Every event as it comes, with the `readyState` that its listeners see. */
export function trace(socket: WebSocket): string[] {
  const said: string[] = []
  for (const type of ['open', 'message', 'error', 'close'] as const)
    socket.addEventListener(type, (event) => {
      const { code, reason, wasClean } = event as CloseEvent
      const what = type === 'close' ? ` ${code} ${JSON.stringify(reason)} ${wasClean}` : ''
      said.push(`${type}${what} in ${socket.readyState}`)
    })
  return said
}

/** A connection that is open. */
export async function opened(Class: Class, url: string, protocols?: string | string[]): Promise<WebSocket> {
  const socket = new Class(url, protocols)
  await next(socket, 'open')
  return socket
}

/**
 * Builds tests that run first on the native class of the engine and then on ours: both must do the same, and what is
 * `expected` where every engine does it.
 */
export const agreeing =
  (Native: Class, Ours: Class) =>
  <Result>(name: string, run: (Class: Class) => Result | Promise<Result>, expected?: NoInfer<Result>) =>
    test(name, async () => {
      const [natively, ours] = [await run(Native), await run(Ours)]
      expect(ours).toEqual(natively)
      if (expected !== undefined) expect(natively).toEqual(expected)
    })
