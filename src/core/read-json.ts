import type { Schema } from './options.ts'

/** Reads a text frame; throws what is wrong with it, with the schema's issues as the `cause`. */
export function read(
  text: string,
  { parse, schema }: { parse: (text: string) => unknown; schema?: Schema<unknown> | undefined },
): unknown {
  const value = parse(text)
  const result = schema?.['~standard'].validate(value)
  if (result && 'then' in result) {
    result.then(undefined, () => {})
    // Waiting for one message would let the next one overtake it.
    throw new TypeError('The schema must answer at once')
  }
  if (result?.issues) throw new TypeError('Does not match the schema', { cause: result.issues })
  return result ? result.value : value
}
