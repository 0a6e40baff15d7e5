/** What is sent: a short text, a chat message as JSON, a picture's worth of bytes. */
export type Kind = 'text' | 'json' | 'binary'

export const kinds: readonly Kind[] = ['text', 'json', 'binary']

export type Value = string | object | ArrayBuffer

export const payload: Record<Kind, Value> = {
  text: 'The tide comes in, the tide goes out, and the kelp holds fast. #1',
  json: {
    type: 'usermsg',
    id: 'c0ffee',
    seq: 41_237,
    at: 1_760_000_000_000,
    name: 'Ann',
    message: 'Holding fast?',
  },
  binary: new Uint8Array(16_384).map((_, index) => index % 251).buffer,
}
