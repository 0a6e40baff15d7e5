import type { Emitter } from './emitter.ts'
import type { Events } from './events.ts'
import type { Schema } from './options.ts'
import type { ResolvedOptions } from './resolve-options.ts'

/** Emits a frame as `message`, then as `text`, `json` or `binary`. Stops when a listener ends the connection. */
export function deliver(
  event: MessageEvent,
  emitter: Emitter<Events>,
  options: ResolvedOptions,
  connection: { readonly isOver: boolean },
): void {
  emitter.emit('message', event)
  // Reading `event.data` is expensive in Chromium, so read it only when somebody listens.
  const { wantsData, wantsJson } = emitter
  if (!wantsData) return
  if (connection.isOver) return
  const { data } = event
  if (typeof data !== 'string') return emitter.emit('binary', data)
  emitter.emit('text', data)
  if (!wantsJson || connection.isOver) return
  let value: unknown
  // The application's `parse` and `schema` may end the connection.
  try {
    value = readJson(data, options)
  } catch (error) {
    if (!connection.isOver) emitter.emit('invalid', { text: data, error })
    return
  }
  if (!connection.isOver) emitter.emit('json', value)
}

/** Parses and validates a text frame. @throws if it is not valid; the schema's issues are the error's `cause` */
export function readJson(
  text: string,
  { parse, schema }: Pick<ResolvedOptions, 'parse' | 'schema'>,
): unknown {
  const value = parse(text)
  if (!schema) return value
  const result = validate(schema, value)
  if (result.issues) throw new TypeError('The message does not match the schema', { cause: result.issues })
  return result.value
}

function validate(schema: Schema<unknown>, value: unknown) {
  const result = schema['~standard'].validate(value)
  if (!('then' in result)) return result
  result.then(undefined, () => {})
  // Waiting for one message would let the next one overtake it.
  throw new TypeError('The schema must validate synchronously')
}
