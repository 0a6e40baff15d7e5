import { PerformanceObserver } from 'node:perf_hooks'
import { afterEach, describe, expect, test, vi } from 'vitest'
import { profile, type RecordOptions, record } from '../../src/inspect/index.ts'
import { closed, FakeSocket } from './fake-socket.ts'

const bytes = (...values: number[]) => new Uint8Array(values)

function recorded(options: RecordOptions = {}, socket = new FakeSocket()) {
  return { socket, recorder: record(socket.like, options) }
}

afterEach(() => {
  vi.unstubAllGlobals()
})

describe('transitions', () => {
  test('begin with the current status and follow every change, with its details', () => {
    const { socket, recorder } = recorded()
    socket.connecting(0)
    socket.opened('chat')
    socket.waiting({ code: 1012, reason: 'deploy' }, 0, 700)
    socket.connecting(1)
    socket.closed({ code: 4401 })
    expect(recorder.transitions).toMatchObject([
      { status: 'idle' },
      { status: 'connecting', attempt: 0, url: 'wss://example.com/chat' },
      { status: 'open', protocol: 'chat' },
      { status: 'waiting', attempt: 0, delay: 700, close: { code: 1012, reason: 'deploy', cause: 'peer' } },
      { status: 'connecting', attempt: 1 },
      { status: 'closed', close: { code: 4401 } },
    ])
  })

  test('are the same when the details are emitted before the status', () => {
    const { socket, recorder } = recorded()
    socket.emit('connecting', { attempt: 0, url: 'ws://a/' })
    socket.emit('status', { status: 'connecting', previous: 'idle' })
    socket.emit('open', { protocol: '', reconnected: false })
    socket.emit('status', { status: 'open', previous: 'connecting' })
    const close = closed()
    socket.emit('waiting', { attempt: 0, delay: 100, close })
    socket.emit('status', { status: 'waiting', previous: 'open' })
    socket.emit('waiting', { attempt: 0, delay: 200, close })
    const statuses = recorder.transitions.map(({ status }) => status)
    expect(statuses).toEqual(['idle', 'connecting', 'open', 'waiting'])
  })

  test('know a status that has no event of its own', () => {
    const { socket, recorder } = recorded()
    socket.become('suspended')
    expect(recorder.transitions.at(-1)).toMatchObject({ status: 'suspended' })
  })

  test('an attempt that is replaced by another is two attempts', () => {
    const { socket, recorder } = recorded()
    socket.connecting(0, 'ws://a/1')
    socket.emit('connecting', { attempt: 0, url: 'ws://a/2' })
    expect(recorder.transitions).toMatchObject([{}, { url: 'ws://a/1' }, { url: 'ws://a/2' }])
  })

  test('a wait that is emitted again with a new delay stays one wait', () => {
    const { socket, recorder } = recorded()
    const close = closed()
    socket.emit('waiting', { attempt: 0, delay: 100, close })
    socket.emit('waiting', { attempt: 0, delay: 9000, close })
    socket.emit('waiting', { attempt: 1, delay: 50, close: closed() })
    expect(recorder.transitions).toMatchObject([{ status: 'idle' }, { delay: 9000 }, { delay: 50 }])
  })

  test('tell of a session whether it was resumed', () => {
    const { socket, recorder } = recorded({}, new FakeSocket(['resumed', 'fresh']))
    socket.connecting()
    socket.opened()
    socket.emit('resumed', { resent: 2 })
    expect(recorder.transitions.at(-1)).toMatchObject({ status: 'open', session: 'resumed' })
  })

  test('tell of an end whether the device was offline at that moment', () => {
    const { socket, recorder } = recorded()
    const close = closed()
    vi.stubGlobal('navigator', { onLine: false })
    socket.emit('waiting', { attempt: 0, delay: 100, close })
    vi.stubGlobal('navigator', { onLine: true })
    socket.emit('waiting', { attempt: 0, delay: 9000, close })
    socket.connecting()
    socket.waiting()
    const ends = recorder.transitions.filter(({ status }) => status === 'waiting')
    expect(ends).toMatchObject([{ delay: 9000, close: { offline: true } }, {}])
    expect(ends[1]?.close).not.toHaveProperty('offline')
  })

  test.each([
    ['wss://example.com/chat?token=secret', 'wss://example.com/chat?…'],
    ['wss://ann:secret@example.com/chat', 'wss://example.com/chat'],
    ['wss://example.com/a@b?x=secret#secret', 'wss://example.com/a@b?…'],
    ['/chat?secret', '/chat?…'],
    ['wss://example.com/chat', 'wss://example.com/chat'],
  ])('keep %s as %s', (url, kept) => {
    const { socket, recorder } = recorded()
    socket.connecting(0, url)
    expect(recorder.transitions.at(-1)?.url).toBe(kept)
  })

  test('keep the text of an error, not the error, and no more than 256 characters', () => {
    const { socket, recorder } = recorded()
    socket.waiting({ cause: 'url', error: new Error('x'.repeat(1000)), reason: 'y'.repeat(1000) })
    const { close } = recorder.transitions.at(-1) ?? {}
    expect(close?.error).toBe('x'.repeat(256))
    expect(close?.reason).toBe('y'.repeat(256))
  })

  test('an error that is no error is kept as text too', () => {
    const { socket, recorder } = recorded()
    socket.waiting({ error: null })
    expect(recorder.transitions.at(-1)?.close?.error).toBe('null')
  })
})

describe('frames', () => {
  test('are told apart by direction and kind, with their bytes on the wire', () => {
    const { socket, recorder } = recorded()
    socket.message('é')
    socket.message(bytes(1, 2, 3).buffer)
    socket.like.send('out')
    socket.like.sendJson({ a: 1 })
    socket.like.send(bytes(0, 1, 2, 3).subarray(1, 3))
    expect(recorder.frames).toMatchObject([
      { direction: 'in', kind: 'text', size: 2, payload: 'é' },
      { direction: 'in', kind: 'binary', size: 3, payload: bytes(1, 2, 3) },
      { direction: 'out', kind: 'text', size: 3, payload: 'out', result: 'sent' },
      { direction: 'out', kind: 'text', size: 7, payload: '{"a":1}' },
      { direction: 'out', kind: 'binary', size: 2, payload: bytes(1, 2) },
    ])
    expect(recorder.totals).toEqual({
      in: { frames: 2, bytes: 5 },
      out: { frames: 3, bytes: 12 },
      dropped: 0,
    })
  })

  test('a message is recorded before what it causes', () => {
    const { socket, recorder } = recorded()
    socket.onSend = () => {
      socket.message('answer')
      return 'sent'
    }
    socket.like.send('question')
    expect(recorder.frames).toMatchObject([{ payload: 'question' }, { payload: 'answer' }])
  })

  test('JSON of a socket whose sendJson does not use send is recorded once', () => {
    const socket = new FakeSocket()
    socket.sendJson = () => 'queued'
    const { recorder } = recorded({}, socket)
    expect(socket.like.sendJson({ a: 1 })).toBe('queued')
    expect(recorder.frames).toMatchObject([{ direction: 'out', payload: '{"a":1}', result: 'queued' }])
  })

  test('what became of a message is added when it is known, and the sender hears it too', () => {
    const socket = new FakeSocket()
    let settle: ((outcome: { result: string; reason?: string }) => void) | undefined
    socket.onSend = (_, options) => {
      settle = options?.onOutcome
      return 'queued'
    }
    const { recorder } = recorded({}, socket)
    const onOutcome = vi.fn()
    const changes = vi.fn()
    expect(socket.send('text', { onOutcome })).toBe('queued')
    recorder.subscribe(changes)
    settle?.({ result: 'dropped', reason: 'too old' })
    expect(recorder.frames).toMatchObject([
      { result: 'queued', outcome: { result: 'dropped', reason: 'too old' } },
    ])
    expect(onOutcome).toHaveBeenCalledExactlyOnceWith({ result: 'dropped', reason: 'too old' })
    expect(changes).toHaveBeenCalledExactlyOnceWith(recorder.frames[0])
  })

  test('what send throws for is not recorded, and still throws', () => {
    const { socket, recorder } = recorded()
    expect(() => socket.send(5)).toThrow(TypeError)
    expect(recorder.frames).toEqual([])
  })

  test('a drop is an entry and is counted', () => {
    const { socket, recorder } = recorded()
    socket.emit('drop', { data: 'late', why: 'expired', reason: 'waited 5 s' })
    expect(recorder.frames).toMatchObject([{ type: 'drop', size: 4, why: 'expired', reason: 'waited 5 s' }])
    expect(recorder.totals.dropped).toBe(1)
  })

  test('frames that the socket does not tell of can be added; those of the session protocol are control frames', () => {
    const { recorder } = recorded()
    recorder.frame('out', '!a17')
    recorder.frame('in', '!!text')
    recorder.frame('in', bytes(1))
    expect(recorder.frames).toMatchObject([{ kind: 'control' }, { kind: 'text' }, { kind: 'binary' }])
  })

  test('text of an application that starts with an exclamation mark is text', () => {
    const { socket, recorder } = recorded()
    socket.message('!important')
    expect(recorder.frames).toMatchObject([{ kind: 'text' }])
  })
})

describe('payloads', () => {
  test('off: nothing but the size', () => {
    const { socket, recorder } = recorded({ payload: 'off' })
    socket.message('secret')
    expect(recorder.frames[0]).toMatchObject({ size: 6 })
    expect(recorder.frames[0]).not.toHaveProperty('payload')
  })

  test('cut: the first 256 characters or bytes, as a copy', () => {
    const { socket, recorder } = recorded()
    const buffer = new Uint8Array(1000).fill(7)
    socket.message('x'.repeat(1000))
    socket.message(buffer)
    buffer.fill(0)
    expect(recorder.frames).toMatchObject([
      { size: 1000, payload: 'x'.repeat(256), cut: true },
      { size: 1000, payload: new Uint8Array(256).fill(7), cut: true },
    ])
  })

  test('on: all of it', () => {
    const { socket, recorder } = recorded({ payload: 'on' })
    socket.message('x'.repeat(1000))
    expect(recorder.frames[0]).toMatchObject({ payload: 'x'.repeat(1000) })
    expect(recorder.frames[0]).not.toHaveProperty('cut')
  })

  test('the bytes of a Blob are added when they have been read', async () => {
    const { socket, recorder } = recorded()
    const changes = new Promise((resolve) => {
      recorder.subscribe((entry) => entry?.type === 'frame' && entry.payload && resolve(entry))
    })
    socket.message(new Blob([new Uint8Array(300).fill(5)]))
    expect(recorder.frames).toMatchObject([{ kind: 'binary', size: 300 }])
    await changes
    expect(recorder.frames).toMatchObject([{ payload: new Uint8Array(256).fill(5), cut: true }])
  })

  test('redact sees the whole payload before anything of it is kept, and decides what is', () => {
    const redact = vi.fn((data: unknown) =>
      data === 'hide me' ? undefined : `${data}`.replace(/t=\w+/, 't=…'),
    )
    const { socket, recorder } = recorded({ redact })
    const long = `${'x'.repeat(250)} t=secret`
    socket.message(long)
    socket.like.send('hide me')
    expect(redact.mock.calls).toEqual([
      [long, { direction: 'in' }],
      ['hide me', { direction: 'out' }],
    ])
    expect(JSON.stringify(recorder.entries)).not.toMatch(/secret|sec|hide me/)
    expect(recorder.frames[1]).toMatchObject({ size: 7, cut: true })
  })

  test('if redact throws, nothing is kept, the error is reported and the message goes on', () => {
    const reportError = vi.fn()
    vi.stubGlobal('reportError', reportError)
    const thrown = new Error('mine')
    const { socket, recorder } = recorded({
      redact() {
        throw thrown
      },
    })
    socket.like.send('secret')
    expect(socket.sent).toEqual(['secret'])
    expect(recorder.frames[0]).toMatchObject({ size: 6, result: 'sent' })
    expect(JSON.stringify(recorder.entries)).not.toContain('secret')
    expect(reportError).toHaveBeenCalledExactlyOnceWith(thrown)
  })
})

describe('bounds', () => {
  test('a flood of frames keeps the last 200, and pushes out no transition', () => {
    const { socket, recorder } = recorded()
    socket.connecting()
    for (let i = 0; i < 5000; i++) socket.message(`${i}`)
    expect(recorder.frames).toHaveLength(200)
    expect(recorder.frames.at(-1)).toMatchObject({ payload: '4999' })
    expect(recorder.transitions).toHaveLength(2)
    expect(recorder.totals.in.frames).toBe(5000)
  })

  test('the last transitions and the last round trips are kept too', () => {
    const { socket, recorder } = recorded({ entries: 10 })
    for (let i = 0; i < 50; i++) {
      socket.connecting(i)
      socket.waiting({}, i)
      socket.emit('pulse', { rtt: i })
    }
    expect(recorder.transitions).toHaveLength(10)
    expect(recorder.pulses.map(({ rtt }) => rtt)).toEqual([40, 41, 42, 43, 44, 45, 46, 47, 48, 49])
  })

  test('the oldest payloads are discarded first, and their entries stay', () => {
    const { socket, recorder } = recorded({ payload: 'on', bytes: 1000 })
    for (const letter of 'abc') socket.message(letter.repeat(400))
    expect(recorder.frames).toMatchObject([
      { size: 400, payload: undefined, cut: true },
      { payload: 'b'.repeat(400) },
      { payload: 'c'.repeat(400) },
    ])
  })

  test('one payload larger than all of it is cut to it', () => {
    const { socket, recorder } = recorded({ payload: 'on', bytes: 1000 })
    socket.message('before')
    socket.message('x'.repeat(50_000))
    expect(recorder.frames).toMatchObject([{ payload: undefined }, { payload: 'x'.repeat(1000), cut: true }])
  })

  test('what is pushed out by newer entries frees its bytes', () => {
    const { socket, recorder } = recorded({ payload: 'on', entries: 2, bytes: 1000 })
    for (let i = 0; i < 100; i++) socket.message('x'.repeat(450))
    expect(recorder.frames).toMatchObject([{ payload: 'x'.repeat(450) }, { payload: 'x'.repeat(450) }])
  })

  test.each([
    [{ entries: 0 }, RangeError, 'record.entries: must be a number of at least 1, not 0'],
    [{ entries: Number.NaN }, RangeError, 'record.entries: must be a number of at least 1, not NaN'],
    [{ entries: '200' }, RangeError, "record.entries: must be a number of at least 1, not '200'"],
    [{ bytes: -1 }, RangeError, 'record.bytes: must be a number of at least 0, not -1'],
    [{ payload: 'all' }, RangeError, "record.payload: must be 'off' or 'cut' or 'on', not 'all'"],
    [{ payload: false }, RangeError, "record.payload: must be 'off' or 'cut' or 'on', not false"],
    [{ redact: 'token' }, TypeError, "record.redact: must be a function, not 'token'"],
    [{ redcat: () => '' }, TypeError, 'record.redcat: there is no such option. Did you mean record.redact?'],
    [{ limit: 5 }, TypeError, 'Known are: entries, bytes, payload, redact.'],
  ])('%o throws, with the cure, and the socket is not recorded', (options, kind, message) => {
    const socket = new FakeSocket()
    const { send } = socket.like
    const wrong = () => recorded(options as RecordOptions, socket)
    expect(wrong).toThrow(kind)
    expect(wrong).toThrow(message)
    expect(socket.like.send).toBe(send)
  })

  test('undefined is the default', () => {
    const { socket, recorder } = recorded({
      entries: undefined,
      bytes: undefined,
      payload: undefined,
      redact: undefined,
    })
    socket.message('x'.repeat(300))
    expect(recorder.frames).toMatchObject([{ payload: 'x'.repeat(256), cut: true }])
  })

  test.each([undefined, null, 'wss://example.com', new EventTarget()])(
    'what is no socket of this package throws: %o',
    (socket) => {
      expect(() => record(socket as never)).toThrow(
        /record: takes a Socket, a Session or the socket of a tab, not /,
      )
    },
  )
})

describe('the recorder', () => {
  test('has all entries in the order in which they happened', () => {
    const { socket, recorder } = recorded()
    socket.message('a')
    socket.connecting()
    socket.emit('pulse', { rtt: 3 })
    socket.message('b')
    expect(recorder.entries.map(({ type }) => type)).toEqual([
      'transition',
      'frame',
      'transition',
      'pulse',
      'frame',
    ])
  })

  test('a subscriber that throws is reported, and neither the others nor the message suffer', () => {
    const reportError = vi.fn()
    vi.stubGlobal('reportError', reportError)
    const { socket, recorder } = recorded()
    const second = vi.fn()
    recorder.subscribe(() => {
      throw new Error('mine')
    })
    const unsubscribe = recorder.subscribe(second)
    expect(socket.like.send('text')).toBe('sent')
    expect(second).toHaveBeenCalled()
    expect(reportError).toHaveBeenCalled()
    second.mockClear()
    unsubscribe()
    socket.message('text')
    expect(second).not.toHaveBeenCalled()
  })

  test('forgets everything but the current status when it is cleared', () => {
    const { socket, recorder } = recorded()
    socket.connecting()
    socket.message('a')
    const changes = vi.fn()
    recorder.subscribe(changes)
    recorder.clear()
    expect(changes).toHaveBeenCalledExactlyOnceWith(undefined)
    expect(recorder.entries).toMatchObject([{ status: 'connecting' }])
    expect(recorder.totals).toEqual({ in: { frames: 0, bytes: 0 }, out: { frames: 0, bytes: 0 }, dropped: 0 })
  })

  test('leaves nothing on the socket when it is stopped, and records nothing more', () => {
    const socket = new FakeSocket()
    const keys = Object.keys(socket)
    const { recorder } = recorded({}, socket)
    expect(socket.listening).toBeGreaterThan(0)
    recorder.stop()
    recorder.stop()
    expect(Object.keys(socket)).toEqual(keys)
    expect(socket.listening).toBe(0)
    socket.like.send('text')
    recorder.frame('in', 'text')
    expect(recorder.frames).toEqual([])
  })

  test('gives a send of its own back to an object that had one', () => {
    const socket = new FakeSocket()
    const send = () => 'sent'
    socket.send = send
    recorded({}, socket).recorder.stop()
    expect(socket.send).toBe(send)
  })

  test.each([
    ['the first', 0],
    ['the second', 1],
  ] as const)('two recorders of one socket: stopping %s leaves the other recording', (_, stopped) => {
    const socket = new FakeSocket()
    const recorders = [record(socket.like), record(socket.like)] as const
    recorders[stopped].stop()
    socket.like.send('text')
    socket.like.sendJson(1)
    expect(recorders[stopped].frames).toEqual([])
    expect(recorders[1 - stopped]?.frames).toHaveLength(2)
    recorders[1 - stopped]?.stop()
    socket.like.send('last')
    expect(socket.sent).toEqual(['text', '1', 'last'])
  })
})

describe('profile', () => {
  test('each status becomes a measure on a track, and leaves none in the buffer of the page', async () => {
    const measures: PerformanceEntry[] = []
    const seen = new Promise<void>((resolve) => {
      const observer = new PerformanceObserver((list) => {
        measures.push(...list.getEntries())
        if (measures.length >= 3) {
          observer.disconnect()
          resolve()
        }
      })
      observer.observe({ entryTypes: ['measure'] })
    })
    const { socket, recorder } = recorded()
    const stop = profile(recorder, 'chat')
    socket.connecting()
    socket.opened()
    socket.waiting()
    stop()
    socket.connecting()
    await seen
    expect(measures.map(({ name }) => name)).toEqual(['chat: idle', 'chat: connecting', 'chat: open'])
    expect(measures[1]).toMatchObject({ detail: { devtools: { dataType: 'track-entry', track: 'chat' } } })
    expect(performance.getEntriesByType('measure')).toEqual([])
  })

  test('works in a runtime without performance.measure', () => {
    const { socket, recorder } = recorded()
    vi.stubGlobal('performance', { now: () => 0 })
    profile(recorder)
    socket.connecting()
    expect(recorder.transitions).toHaveLength(2)
  })
})
