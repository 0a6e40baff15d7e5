/** The URL of a request, or nothing if it is not valid. */
export function parseUrl(text: string | undefined): URL | undefined {
  try {
    return new URL(text ?? '', 'http://localhost')
  } catch {
    return undefined
  }
}
