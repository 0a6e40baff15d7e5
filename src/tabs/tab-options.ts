import type { Options, QueueOptions, SocketLike } from '../index.ts'

/** How a page uses the shared socket. */
export interface TabOptions<In = unknown, Out = unknown>
  extends Pick<Options<In, Out>, 'schema' | 'sends' | 'parse' | 'stringify' | 'autoOpen'> {
  /** Creates the socket of a page that cannot have a SharedWorker: usually a plain `Socket`. */
  fallback: () => SocketLike<In, Out>
  /**
   * Called with what the worker's `snapshot` function returned: when this tab joins, and whenever it joins again after it
   * may have missed messages. It is called before `open`; the messages that follow are newer than the snapshot.
   */
  onSnapshot?: ((value: unknown) => void) | undefined
  /** The messages that this page stores while the shared socket is not open; `false`: none. */
  queue?: Omit<QueueOptions, 'perSecond'> | false | undefined
}
