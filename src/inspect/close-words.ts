import type { RecordedClose } from './entries.ts'

export interface CloseDescription {
  /** What happened, in one sentence. */
  summary: string
  /** The likely reason, and what to do about it. */
  hint: string
}

export interface CloseContext {
  /** Whether the connection had been open. Code 1006 means something else before that. */
  opened?: boolean
  /** How long it had been open, in ms. */
  lasted?: number
}

type Entry = [summary: string, hint: string]

/** RFC 6455 §7.4.1 and the IANA registry of close codes. */
const codes: Record<number, Entry> = {
  1000: [
    'The server closed the connection normally.',
    'Some servers also use this code for a client that did not answer their ping. A connection that is still wanted is opened again.',
  ],
  1001: ['The server is going away.', 'It is being stopped or restarted. Nothing needs to be done.'],
  1002: [
    'The server reported a protocol error.',
    'Something between the two changes the frames, or one side has a bug. Look for a proxy that does not support WebSocket.',
  ],
  1003: [
    'The server does not accept this kind of data.',
    'It may take only text, or only binary messages. It would refuse the same message again, so there are no more attempts.',
  ],
  1005: [
    'The server closed the connection without a code.',
    'The server calls close() without arguments. A code would tell the client whether to connect again.',
  ],
  1007: [
    'The server received text that is not valid.',
    'A text message was not UTF-8, or not what the server could parse. There are no more attempts.',
  ],
  1008: [
    'The server refused the connection by its policy.',
    'Often an expired or missing token. Give the URL as a function that gets a fresh one for each attempt.',
  ],
  1009: [
    'A message was too large for the server.',
    'Send smaller messages, or raise the server’s limit (maxPayload in ws, package_max_length in Swoole).',
  ],
  1010: ['The server does not offer a required extension.', 'There are no more attempts.'],
  1011: ['The server had an internal error.', 'Its log should show an exception at this time.'],
  1012: [
    'The server is restarting.',
    'Usually a deployment. Nothing needs to be done: the next attempts reach the new process.',
  ],
  1013: [
    'The server is overloaded.',
    'It asked to try again later. If it lasts, the server needs more capacity.',
  ],
  1014: [
    'A gateway could not reach the server behind it.',
    'The proxy is running but the application is not, or its address in the proxy’s configuration is wrong.',
  ],
  1015: ['The TLS handshake failed.', 'The certificate may have expired, or may be for another host name.'],
  3000: ['The server requires authentication.', 'The token is missing or has expired.'],
  3003: ['The server forbids this connection.', 'The user has no permission for this endpoint.'],
  3008: ['The server timed out.', 'The client was idle for too long, or took too long to log in.'],
  4400: ['The server rejected the request (4400).', 'It received a message that it could not accept.'],
  4401: [
    'The login was rejected (4401).',
    'The token is missing or has expired. Give the URL as a function, or use greet, so that each attempt has a fresh token.',
  ],
  4403: [
    'The server forbids this connection (4403).',
    'The user has no permission. Another attempt would end the same way.',
  ],
  4404: ['The server does not know this endpoint (4404).', 'Check the path of the URL.'],
  4408: [
    'The server timed out (4408).',
    'The client was idle, or did not complete its login in time. It may try again.',
  ],
  4409: [
    'Another connection took over (4409).',
    'The same session was opened a second time, for example by a duplicated tab. The newer connection stays.',
  ],
  4410: ['The session no longer exists (4410).', 'It expired on the server. A new one is created.'],
  4425: ['The server was not ready (4425).', 'It may try again.'],
  4429: [
    'Too many requests (4429).',
    'The server limits the rate of connections or messages of this client. The next attempts wait longer.',
  ],
}

const broken: Entry = [
  'The connection broke without a close frame (1006).',
  'The server process died, the network went away, or something on the way cut the connection.',
]

const notOpened: Entry = [
  'The connection could not be opened (1006).',
  'Browsers do not say why. The server may not be running, the host, port or path may be wrong, it may have refused the upgrade (401, 403, 404, 502), or its certificate is not valid. The browser’s console and network panel know more.',
]

const offline: Entry = [
  'The device was offline.',
  'The browser reported that there was no network. The socket connects again when the network is back.',
]

/** Seconds after which common proxies cut an idle connection. */
const idleLimits = [60, 100, 600]

/** What the other causes mean. `peer` is described by its code. */
const causes: Partial<Record<string, Entry>> = {
  silent: [
    'The server stopped answering.',
    'The heartbeat had no answer. The server may be stopped, frozen or overloaded, or a device on the way dropped the connection silently. If it happens to a healthy server, check that it answers the ping with exactly the configured pong, or raise heartbeat.timeout.',
  ],
  wake: [
    'The connection did not survive a sleep or a change of network.',
    'This is normal for a laptop that was closed or a phone that changed from Wi-Fi to mobile data. Nothing needs to be done.',
  ],
  timeout: [
    'The server did not answer in time.',
    'The host may be down, or a firewall discards the packets. If the server is only slow, raise attemptTimeout.',
  ],
  url: [
    'The URL or the protocols could not be determined.',
    'The function given for them failed, for example because it could not get a token.',
  ],
  refused: [
    'The server was reached, but the connection was not accepted.',
    'The greet function failed, no offered subprotocol was selected, or the WebSocket constructor threw.',
  ],
  blocked: [
    'The browser blocked the connection.',
    'Add the server to connect-src of the page’s Content-Security-Policy, use wss: on an https: page, or allow the page to access the local network.',
  ],
  user: ['The page closed the connection.', 'close(), reconnect() or suspend() was called.'],
  signal: ['The page aborted the connection.', 'The signal that was given as an option was aborted.'],
}

function describePeer({ code }: RecordedClose, { opened = true, lasted = 0 }: CloseContext): Entry {
  if (code === 1006 && !opened) return notOpened
  if (code === 1006) {
    const limit = idleLimits.find((seconds) => Math.abs(lasted / 1000 - seconds) < 2)
    if (!limit) return broken
    return [
      broken[0],
      `It had lasted ${limit} s, which is a usual idle limit of proxies (nginx proxy_read_timeout, load balancers, Swoole heartbeat_idle_time). Enable the heartbeat with a shorter interval.`,
    ]
  }
  const known = codes[code]
  if (known) return known
  if (code >= 4400 && code <= 4499)
    return [
      `The server rejected the connection (${code}).`,
      'An application’s own code in the range of client errors. Another attempt would end the same way.',
    ]
  if (code >= 4000)
    return [
      `The server closed the connection (${code}).`,
      'An application’s own code. Its documentation says what it means.',
    ]
  if (code >= 3000)
    return [`The server closed the connection (${code}).`, 'A code of a library or framework.']
  return [`The server closed the connection (${code}).`, 'A code that is not registered.']
}

/** Says in plain words how a connection or an attempt ended, the likely reason, and what to do about it. */
export function describeClose(close: RecordedClose, context: CloseContext = {}): CloseDescription {
  const byThePage = close.cause === 'user' || close.cause === 'signal'
  const [summary, hint] =
    close.offline && !byThePage ? offline : (causes[close.cause] ?? describePeer(close, context))
  return { summary, hint }
}
