import { rejectUnknown, shown } from './validate.ts'

/** How the method `reconnect` replaces the connection. */
export interface ReconnectCallOptions {
  /**
   * What becomes of queued messages: `keep` sends them over the new connection, `drop` drops them with a `drop` event each,
   * for a change of user. @default 'keep'
   */
  queue?: 'keep' | 'drop' | undefined
  /**
   * Opens the next connection before the present one is closed, so that nothing is missed in between: for a server that has
   * announced that it will stop. Both connections receive for about a second, or longer while bytes are still leaving over
   * the old one. So a message that the server sends to all its connections may come twice. If the next connection cannot be
   * opened, the present one is kept. @default false
   */
  overlap?: boolean | undefined
}

export function readReconnectOptions(options: ReconnectCallOptions): {
  dropQueue: boolean
  overlap: boolean
} {
  rejectUnknown('reconnect.', options, ['queue', 'overlap'])
  const { queue = 'keep', overlap = false } = options
  if (queue !== 'keep' && queue !== 'drop')
    throw new TypeError(`holdfast: reconnect.queue: must be 'keep' or 'drop', not ${shown(queue)}`)
  if (typeof overlap !== 'boolean')
    throw new TypeError(`holdfast: reconnect.overlap: must be a boolean, not ${shown(overlap)}`)
  return { dropQueue: queue === 'drop', overlap }
}
