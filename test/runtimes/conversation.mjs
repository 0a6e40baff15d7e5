/** What a step may take on a busy machine, in ms. */
const PATIENCE = 60_000

/** The next value of an event. */
const next = (socket, name) => new Promise((resolve) => socket.on(name, resolve, { once: true }))

const same = (received, expected) => {
  const [one, other] = [received, expected].map((value) => JSON.stringify(value))
  if (one !== other) throw new Error(`received ${one} instead of ${other}`)
}

const bytes = Uint8Array.from({ length: 256 }, (_, index) => index)

async function echoes(socket, name, send, expected, read = (value) => value) {
  const received = next(socket, name)
  await send()
  same(read(await received), expected)
}

/**
 * Everything that a runtime must be able to do, against a server that echoes, and that starts again when it receives
 * `restart`. Returns what was done, in order; throws at the first step that fails.
 */
export async function converse({ Socket, Session, request }, url, options = {}) {
  const socket = new Socket(url, { ...options, binaryType: 'arraybuffer' })
  const session = new Session(url, { ...options, binaryType: 'arraybuffer', autoOpen: false })
  const text = 'Grüße 👋'
  const echoText = (by) => echoes(by, 'text', () => by.send(text), text)
  const echoBinary = (by) =>
    echoes(
      by,
      'binary',
      () => by.send(bytes),
      [...bytes],
      (data) => [...new Uint8Array(data)],
    )

  const steps = {
    connect: () => socket.opened(),
    text: () => echoText(socket),
    JSON: () => echoes(socket, 'json', () => socket.sendJson({ text }), { text }),
    binary: () => echoBinary(socket),
    request: async () => same((await request(socket, { text })).text, text),
    session: async () => {
      session.open()
      await session.opened()
      await echoes(session, 'json', () => session.deliveredJson({ text }), { text })
      await echoBinary(session)
    },
    reconnect: async () => {
      const [back, resumed] = [next(socket, 'open'), next(session, 'resumed')]
      socket.send('restart')
      const { reconnected } = await back
      if (!reconnected) throw new Error('the event open does not say so')
      await resumed
      for (const each of [socket, session]) await echoText(each)
    },
    close: async () => {
      const ends = [socket, session].map((each) => next(each, 'closed'))
      for (const each of [socket, session]) each.close()
      for (const { cause } of await Promise.all(ends)) same(cause, 'user')
    },
  }

  for (const [name, step] of Object.entries(steps)) {
    let timer
    const timeout = new Promise((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`not within ${PATIENCE} ms, ${socket.status}, ${session.status}`)),
        PATIENCE,
      )
    })
    try {
      await Promise.race([step(), timeout])
    } catch (error) {
      throw new Error(`${name}: ${error.stack}`)
    } finally {
      clearTimeout(timer)
    }
  }
  return Object.keys(steps)
}
