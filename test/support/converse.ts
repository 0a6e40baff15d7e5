/** What the contract's server does, whichever socket is under it: echoes, closes on request, or is gone. */
export interface Speaker {
  send(data: string | Uint8Array): void
  close(code?: number, reason?: string): void
  vanish(): void
}

export function converse(peer: Speaker, data: string | Uint8Array) {
  if (data === 'vanish') return peer.vanish()
  const [, code, reason] = (typeof data === 'string' && /^close (\d+) (.*)$/.exec(data)) || []
  if (code) peer.close(Number(code), reason)
  else peer.send(data)
}

/** The one subprotocol it speaks. */
export const select = (offered: Iterable<string>) => ([...offered].includes('chat') ? 'chat' : undefined)
