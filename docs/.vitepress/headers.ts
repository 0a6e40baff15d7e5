interface Token {
  type: string
  tag: string
  content: string
}

/** A header without text is announced as an empty one by screen readers, so it becomes a plain cell. */
export function emptyHeadersAsCells({ tokens }: { tokens: Token[] }): void {
  for (const [index, token] of tokens.entries()) {
    if (token.type !== 'th_open' || tokens[index + 1]?.content) continue
    const close = tokens.slice(index).find(({ type }) => type === 'th_close')
    token.tag = 'td'
    if (close) close.tag = 'td'
  }
}
