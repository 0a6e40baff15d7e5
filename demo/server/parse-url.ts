/** The address that a request asks for, or nothing if it is none. */
export function parseUrl(text: string | undefined): URL | undefined {
  try {
    return new URL(text ?? '', 'http://localhost')
  } catch {
    return undefined
  }
}
