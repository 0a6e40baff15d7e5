import type { Emitter } from './emitter.ts'
import type { Events } from './events.ts'
import { read } from './read-json.ts'
import type { ResolvedOptions } from './resolve-options.ts'

/** Tells of a frame, as it is and by its kind, until a listener is done with the line that it came over. */
export function deliver(
  event: MessageEvent,
  emitter: Emitter<Events>,
  settings: ResolvedOptions,
  line: { readonly over: boolean },
): void {
  emitter.emit('message', event)
  if (line.over) return
  const { data } = event
  if (typeof data !== 'string') return emitter.emit('binary', data)
  emitter.emit('text', data)
  if (!emitter.has('json')) return
  let name: 'json' | 'invalid' = 'json'
  let value: unknown
  try {
    value = read(data, settings)
  } catch (error) {
    name = 'invalid'
    value = { text: data, error }
  }
  if (!line.over) emitter.emit(name, value as never)
}
