/** The states of a native socket. */
export const CONNECTING = 0
export const OPEN = 1
export const CLOSED = 3

export interface NativeListeners {
  /** `undefined` once it has been called and removed. */
  open: (() => void) | undefined
  message: (event: MessageEvent) => void
  error: (event: Event) => void
  close: (event: CloseEvent) => void
}

const TYPES = ['open', 'message', 'error', 'close'] as const

/** With `addEventListener` where there is one: it costs less per message in Chromium than the attributes. */
export function listen(native: WebSocket, listeners: Partial<NativeListeners>): void {
  for (const type of TYPES) {
    const listener = listeners[type] as ((event: Event) => void) | undefined
    if (!listener) continue
    if (typeof native.addEventListener === 'function') native.addEventListener(type, listener)
    else native[`on${type}`] = listener
  }
}

export function unlisten(native: WebSocket, listeners: Partial<NativeListeners>): void {
  for (const type of TYPES) {
    const listener = listeners[type] as ((event: Event) => void) | undefined
    // An 'error' that nobody listens for would end a Node process.
    if (!listener || type === 'error') continue
    if (typeof native.removeEventListener === 'function') native.removeEventListener(type, listener)
    else native[`on${type}`] = null
  }
}

/** React Native throws for `blob` where its Blob module is missing. That is ignored; any other type must work. */
export function setBinaryType(native: WebSocket, binaryType: BinaryType): void {
  if (native.binaryType === binaryType) return
  try {
    native.binaryType = binaryType
  } catch (error) {
    if (binaryType !== 'blob') throw error
  }
}
