import axe from 'axe-core'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { server, userEvent } from 'vitest/browser'
import {
  defineInspector,
  type HoldfastInspector,
  inspect,
  type Recorder,
  type RecordOptions,
  record,
} from '../../../src/inspect/index.ts'
import { FakeSocket } from '../fake-socket.ts'

defineInspector()

let socket: FakeSocket
let recorder: Recorder
let element: HoldfastInspector

beforeEach(() => {
  socket = new FakeSocket(['resumed', 'fresh'])
  recorder = record(socket.like, { payload: 'on' })
  element = document.createElement('holdfast-inspector')
  document.body.append(element)
})

afterEach(() => {
  document.body.replaceChildren()
  recorder.stop()
})

const all = <Kind extends HTMLElement = HTMLElement>(selector: string) => [
  ...(element.shadowRoot?.querySelectorAll<Kind>(selector) ?? []),
]
const one = (selector: string) => {
  const [found] = all(selector)
  if (!found) throw new Error(`There is no ${selector}`)
  return found
}
/** The text that is shown, with single spaces. */
const text = (selector: string) => one(selector).textContent?.replace(/\s+/g, ' ').trim()
const shown = (selector: string, expected: string | RegExp) =>
  expect.poll(() => text(selector)).toMatch(expected)
/** Playwright takes what is in a shadow tree in a frame for invisible in Firefox, and does not drive WebKitGTK. */
const press = (name: string) =>
  all('button, label')
    .find(({ textContent }) => textContent === name)
    ?.click()
const focused = () => element.shadowRoot?.activeElement as HTMLElement | null

/** A life with everything in it. */
function live() {
  socket.connecting()
  socket.opened('chat')
  socket.message('{"type":"hello","to":"<b>you</b>"}')
  socket.emit('pulse', { rtt: 12 })
  socket.emit('pulse', { rtt: 34 })
  socket.like.send('question')
  socket.message(new Uint8Array([72, 105, 0, 255]))
  socket.waiting({ code: 1012, reason: 'deploy' }, 0, 800)
  socket.connecting(1)
  socket.waiting({}, 1, 2000)
  socket.connecting(2)
  socket.opened('chat')
  socket.emit('drop', { data: 'x'.repeat(2000), why: 'overflow' })
  recorder.frame('out', '!a17')
}

describe('the status', () => {
  test.each([
    ['idle', () => {}, 'Not opened', 'has not opened'],
    ['connecting', () => socket.connecting(), 'Connecting', 'Attempt 1'],
    ['open', () => socket.opened(), 'Connected', 'For 0 s'],
    [
      'waiting',
      () => socket.waiting({}, 3, 90_000),
      'Reconnecting',
      'Next attempt in 1 min.*, after 3 failures',
    ],
    ['suspended', () => socket.become('suspended'), 'Suspended', 'Messages wait'],
    ['closed', () => socket.closed({ code: 4401 }), 'Closed', 'The login was rejected.*No more attempts'],
  ])('%s is told in words', async (_, change, title, sentence) => {
    element.recorder = recorder
    change()
    await shown('.title', title)
    await shown('.sentence', new RegExp(sentence))
  })

  test('offline is not told as a fault of the server', async () => {
    const onLine = vi.spyOn(navigator, 'onLine', 'get').mockReturnValue(false)
    element.recorder = recorder
    socket.connecting()
    socket.opened()
    socket.waiting({ cause: 'silent' }, 0, 60_000)
    await shown('.title', 'Offline')
    await shown('.cause', 'The device was offline.')
    onLine.mockReturnValue(true)
    dispatchEvent(new Event('online'))
    await shown('.title', 'Reconnecting')
    onLine.mockRestore()
  })

  test('the address is shown without its secrets', async () => {
    element.recorder = recorder
    socket.connecting(0, 'wss://example.com/chat?token=secret')
    await shown('.place', /^wss:\/\/example\.com\/chat\?…$/)
  })

  test('round trip, traffic, queue and drops are figures', async () => {
    element.recorder = recorder
    live()
    socket.bufferedAmount = 2400
    await shown('.summary', /Round trip34 ms.*Received2 .*B.*Sent2 .*B.*Queue2\.4 kB.*Dropped1 message/)
  })
})

describe('options that can never work', () => {
  test('throw where they are given, and no panel is added', () => {
    const options = { payloads: 'off' } as RecordOptions
    const message = 'record.payloads: there is no such option. Did you mean record.payload?'
    expect(() => inspect(socket.like, options)).toThrow(message)
    expect(() => inspect({} as never)).toThrow('record: takes a Socket')
    expect(() => {
      element.options = options
    }).toThrow(message)
    expect(document.querySelectorAll('holdfast-inspector')).toHaveLength(1)
  })

  test('an option that is undefined leaves what the attribute says', () => {
    element.setAttribute('payload', 'off')
    element.options = { payload: undefined }
    element.socket = socket.like
    socket.message('secret')
    const payloads = element.recorder?.frames.map((frame) => frame.type === 'frame' && frame.payload)
    expect(payloads).toEqual([undefined])
  })
})

describe('the timeline', () => {
  test('has connections and outages, newest first, with cause, length and attempts', async () => {
    element.recorder = recorder
    live()
    await expect.poll(() => all('.periods > li').length).toBe(4)
    expect(all('.row-title').map(({ textContent }) => textContent?.replace(/[\d.]+ m?s/, 'N'))).toEqual([
      'Connected for N',
      'Back after N',
      'Connected for N',
      'Connected after N',
    ])
    expect(all('.cause')[1]?.textContent).toBe('The server is restarting. 2 attempts.')
    expect(all('.periods > li:nth-child(2) .strip span').map((bar) => bar.dataset.step)).toEqual([
      'wait',
      'failed',
      'wait',
      'ok',
    ])
  })

  test('an outage opens, and tells each attempt, the reason and what to do', async () => {
    element.recorder = recorder
    live()
    await expect.poll(() => all('.row-head').length).toBe(4)
    const [, head] = all('.row-head')
    const more = one('.periods > li:nth-child(2) > .more')
    expect(more.hidden).toBe(true)
    head?.click()
    expect(head?.getAttribute('aria-expanded')).toBe('true')
    expect(more.hidden).toBe(false)
    expect(more.textContent).toMatch(/deployment/)
    expect(more.textContent).toMatch(/Reason: “deploy”/)
    expect(all('.periods > li:nth-child(2) ol li').map(({ textContent }) => textContent)).toEqual([
      expect.stringMatching(/failed after .*could not be opened/),
      expect.stringMatching(/connected after/),
    ])
    head?.click()
    expect(more.hidden).toBe(true)
  })

  test('an outage that lasts keeps growing, and stays open when it was opened', async () => {
    element.recorder = recorder
    socket.opened()
    socket.waiting({}, 0, 60_000)
    await shown('.row-title', /^Reconnecting for/)
    one('.row-head').click()
    socket.connecting(1)
    socket.waiting({}, 1, 60_000)
    await expect.poll(() => all('.periods li:first-child .strip span').length).toBe(3)
    expect(one('.row-head').getAttribute('aria-expanded')).toBe('true')
  })
})

describe('the frames', () => {
  test('are rows with direction, time, kind, size and payload, newest first; pings are folded', async () => {
    element.recorder = recorder
    live()
    await expect.poll(() => all('.frame').length).toBe(6)
    const rows = all('.frame').map(({ textContent }) =>
      textContent?.replace(/\d\d:\d\d:\d\d\.\d{3}/, 'TIME').trim(),
    )
    expect(rows).toEqual([
      expect.stringMatching(/^↑ Sent TIME control 4 B !a17/),
      expect.stringMatching(/^× Dropped TIME drop 2\.0 kB The queue was full.* overflow$/),
      expect.stringMatching(/^↓ Received TIME binary 4 B 48 69 00 ff/),
      expect.stringMatching(/^↑ Sent TIME text 8 B question/),
      expect.stringMatching(/^↕ Heartbeat TIME ping +2 pings, 12–34 ms/),
      expect.stringMatching(/^↓ Received TIME json \d+ B \{"type":"hello"/),
    ])
  })

  test('open: JSON with line breaks, bytes as a dump, a legend for control frames', async () => {
    element.recorder = recorder
    live()
    await expect.poll(() => all('.frame').length).toBe(6)
    for (const frame of all('.frame')) frame.click()
    const details = all('.frames-list .more').map(({ textContent }) => textContent)
    expect(details[0]).toMatch(/Acknowledgement/)
    expect(details[1]).toMatch(/queue\.messages/)
    expect(details[2]).toMatch(/^0000 {2}48 69 00 ff +Hi\.\.$/)
    expect(details[4]).toMatch(/12 ms.*34 ms/)
    expect(details[5]).toBe(JSON.stringify({ type: 'hello', to: '<b>you</b>' }, null, 2))
  })

  test('a payload is text and never HTML', async () => {
    element.recorder = recorder
    const hostile = '<img src=x onerror="window.hacked = true"><script>window.hacked = true</script>'
    socket.message(hostile)
    socket.connecting(0, `wss://example.com/${hostile}`)
    socket.closed({ code: 4000, reason: hostile, error: new Error(hostile) })
    await shown('.frame', /<img/)
    for (const button of all('button')) button.click()
    expect(all('img, script, iframe, a')).toEqual([])
    expect('hacked' in window).toBe(false)
  })

  test('a flood updates the page a few times, not once per frame, and keeps 200 rows', async () => {
    element.recorder = recorder
    const list = one('.frames-list')
    let mutations = 0
    const observer = new MutationObserver(() => mutations++)
    observer.observe(list, { childList: true })
    for (let i = 0; i < 20_000; i++) socket.message(`${i}`)
    await shown('.frame', /19999/)
    observer.disconnect()
    expect(all('.frame')).toHaveLength(200)
    expect(mutations).toBeLessThan(20)
  })

  test('paused they stay as they are, and say how many have come', async () => {
    element.recorder = recorder
    socket.message('before')
    await shown('.frame', /before/)
    press('Pause')
    socket.message('while paused')
    await shown('.missed', '1 more')
    expect(all('.frame')).toHaveLength(1)
    press('Pause')
    expect(all('.frame')).toHaveLength(2)
  })

  test('can be cleared, and pings can be hidden and shown in their place again', async () => {
    element.recorder = recorder
    live()
    await expect.poll(() => all('.frame').length).toBe(6)
    const before = all('.frame').map(({ textContent }) => textContent)
    press('Pings')
    expect(all('.frame')).toHaveLength(5)
    press('Pings')
    expect(all('.frame').map(({ textContent }) => textContent)).toEqual(before)
    press('Clear')
    await expect.poll(() => all('.frame').length).toBe(0)
    await shown('.frames .empty', 'No frames yet')
  })

  test('a row whose outcome becomes known later shows it', async () => {
    element.recorder = recorder
    let settle: ((outcome: { result: string }) => void) | undefined
    socket.onSend = (_, options) => {
      settle = options?.onOutcome
      return 'queued'
    }
    socket.like.send('text')
    await shown('.badge', 'queued')
    settle?.({ result: 'delivered' })
    await shown('.badge', 'delivered')
  })
})

describe('the element', () => {
  test('records a socket while it is in the page, also when it is moved, and lets go of it afterwards', async () => {
    element.socket = socket.like
    const own = element.recorder
    expect(own?.frames).toEqual([])
    document.body.prepend(element)
    await Promise.resolve()
    expect(element.recorder).toBe(own)
    const { listening } = socket
    element.remove()
    await expect.poll(() => Object.hasOwn(socket, 'send')).toBe(true)
    recorder.stop()
    await expect.poll(() => socket.listening).toBe(0)
    expect(listening).toBeGreaterThan(0)
    document.body.append(element)
    socket.message('again')
    await shown('.frame', /again/)
  })

  test('does not stop a recorder that was given', async () => {
    element.recorder = recorder
    element.remove()
    await Promise.resolve()
    socket.message('text')
    expect(recorder.frames).toHaveLength(1)
  })

  test('without a socket it says what to do', () => {
    element.remove()
    document.body.append(element)
    expect(element.shadowRoot?.textContent).toMatch(/Set the socket property/)
  })

  test('takes properties that were set before it was defined', () => {
    const early = document.createElement('holdfast-inspector')
    Object.defineProperty(early, 'recorder', { value: recorder, configurable: true, writable: true })
    document.body.append(early)
    expect(Object.hasOwn(early, 'recorder')).toBe(false)
    expect(early.shadowRoot?.querySelector('.title')?.textContent).toBe('Not opened')
  })

  test.each([
    ['summary', ['.title', '.summary'], ['.timeline', '.round-trips', '.frames']],
    ['timeline', ['.timeline'], ['.title', '.summary', '.round-trips', '.frames']],
    ['frames', ['.frames'], ['.title', '.summary', '.timeline', '.round-trips']],
  ])('view="%s" shows that alone', (view, present, absent) => {
    element.recorder = recorder
    element.setAttribute('view', view)
    expect(present.filter((selector) => !all(selector).length)).toEqual([])
    expect(absent.filter((selector) => all(selector).length)).toEqual([])
  })

  test('headings begin at the level that is asked for', () => {
    element.recorder = recorder
    element.setAttribute('heading-level', '4')
    expect(all('h1, h2, h3, h4, h5, h6').map(({ localName }) => localName)).toEqual(['h4', 'h5', 'h5', 'h5'])
  })

  test('inspect() docks a panel, which collapses', async () => {
    const { length } = Object.keys(socket)
    element = inspect(socket.like, { payload: 'off' })
    const docked = getComputedStyle(element)
    expect(docked.position).toBe('fixed')
    const button = one('.top button')
    button.click()
    expect(one('.body').hidden).toBe(true)
    expect(button.getAttribute('aria-expanded')).toBe('false')
    socket.message('not kept')
    await shown('.frame', /text 8 B/)
    expect(text('.frame')).not.toMatch(/not kept/)
    const own = element.recorder
    element.remove()
    await Promise.resolve()
    const { listening } = socket
    own?.stop()
    expect(socket.listening).toBe(listening)
    expect(Object.keys(socket)).toHaveLength(length)
  })
})

describe('for everybody', () => {
  test('a screen reader hears the beginning and the end of an outage, not each attempt', async () => {
    element.recorder = recorder
    const heard: (string | null)[] = []
    const region = one('[role="status"]')
    new MutationObserver(() => heard.push(region.textContent)).observe(region, {
      childList: true,
      characterData: true,
    })
    socket.connecting()
    socket.opened()
    await expect.poll(() => heard.length).toBe(1)
    socket.waiting({ code: 1012 }, 0, 60_000)
    await expect.poll(() => heard.length).toBe(2)
    for (let attempt = 1; attempt < 5; attempt++) {
      socket.connecting(attempt)
      await expect.poll(() => text('.title')).toBe('Reconnecting')
      socket.waiting({}, attempt, 60_000)
      await expect.poll(() => all('.strip')[0]?.childElementCount).toBe(attempt * 2 + 1)
    }
    socket.connecting(5)
    socket.opened()
    await expect.poll(() => heard.length).toBe(3)
    expect(heard).toEqual([
      'Connected.',
      'Connection lost. The server is restarting.',
      expect.stringMatching(/^Connected again after/),
    ])
  })

  test('a quiet panel announces nothing', async () => {
    element.toggleAttribute('quiet', true)
    element.recorder = recorder
    socket.opened()
    await shown('.title', 'Connected')
    expect(text('[role="status"]')).toBe('')
  })

  // The driver of WebKitGTK has no keyboard here.
  if (server.browser !== 'webkit')
    test('everything is reached with the keyboard; the frames are one stop, and arrows move in them', async () => {
      element.recorder = recorder
      live()
      await expect.poll(() => all('.frame').length).toBe(6)
      const names: string[] = []
      const name = () => {
        const now = focused()
        return now?.className || now?.textContent || now?.localName || ''
      }
      for (let i = 0; i < 6; i++) {
        await userEvent.tab()
        names.push(name())
      }
      // Two outages, the tools, and the newest frame.
      expect(names).toEqual(['row-head', 'row-head', 'input', 'Pause', 'Clear', 'frame'])
      await userEvent.keyboard('{ArrowDown}{ArrowDown}')
      expect(focused()).toBe(all('.frame')[2])
      await userEvent.keyboard('{End}')
      expect(focused()).toBe(all('.frame')[5])
      await userEvent.keyboard('{ArrowDown}{Enter}')
      expect(focused()?.getAttribute('aria-expanded')).toBe('true')
      await userEvent.keyboard('{Home}{ArrowUp}')
      expect(focused()).toBe(all('.frame')[0])
      expect(all('.frame[tabindex="0"]')).toHaveLength(1)
    })

  test('the focus stays on its row while frames come', async () => {
    element.recorder = recorder
    socket.message('first')
    await shown('.frame', /first/)
    one('.frame').focus()
    socket.message('second')
    await shown('.frame', /second/)
    expect(focused()?.textContent).toMatch(/first/)
  })

  const states: [string, () => void][] = [
    ['idle', () => {}],
    ['connecting', () => socket.connecting()],
    ['open', live],
    ['waiting', () => [live(), socket.waiting({ cause: 'silent' }, 2, 60_000)]],
    ['suspended', () => [live(), socket.become('suspended')]],
    ['closed', () => [live(), socket.closed({ code: 4401, reason: 'expired' })]],
  ]
  describe.each(['light', 'dark'])('%s theme', (theme) => {
    test.each(states)('%s has no violations of axe, opened up too', async (_, change) => {
      element.setAttribute('theme', theme)
      element.recorder = recorder
      change()
      element.toggleAttribute('docked', true)
      element.toggleAttribute('docked', false)
      for (const button of all('.row-head[aria-expanded], .frame')) button.click()
      const { violations } = await axe.run(element, { rules: { region: { enabled: false } } })
      expect(violations.map(({ id, nodes }) => [id, nodes.map(({ html }) => html)])).toEqual([])
    })
  })

  test('custom properties of the page neither change the panel nor are changed in it', () => {
    element.recorder = recorder
    live()
    const colours = () =>
      all('*').map((node) => {
        const { color, backgroundColor, borderTopColor, fontFamily } = getComputedStyle(node)
        return [node.className, color, backgroundColor, borderTopColor, fontFamily]
      })
    const before = colours()
    const names = ['--bg', '--fg', '--muted', '--line', '--soft', '--ok', '--bad', '--busy', '--mono']
    const style = document.createElement('style')
    style.textContent = `:root, *, holdfast-inspector { ${names.map((name) => `${name}: rgb(1, 2, 3);`).join('')} }`
    document.body.append(style)
    expect(colours()).toEqual(before)
    for (const node of [element, ...all('*')])
      for (const name of names)
        expect(getComputedStyle(node).getPropertyValue(name).trim(), name).toBe('rgb(1, 2, 3)')
    element.style.setProperty('--holdfast-line', 'rgb(4, 5, 6)')
    expect(getComputedStyle(one('.panel')).borderTopColor).toBe('rgb(4, 5, 6)')
  })

  test('the theme follows the attribute', () => {
    element.recorder = recorder
    element.setAttribute('theme', 'dark')
    const dark = getComputedStyle(one('.panel')).backgroundColor
    element.setAttribute('theme', 'light')
    expect(getComputedStyle(one('.panel')).backgroundColor).not.toBe(dark)
  })

  test.each([288, 320, 390, 768, 1100])('nothing is cut off at %i px', async (width) => {
    element.recorder = recorder
    element.style.width = `${width}px`
    live()
    socket.waiting({ code: 1006 }, 2, 60_000)
    await expect.poll(() => all('.frame').length).toBe(6)
    for (const button of all('.row-head[aria-expanded], .frame')) button.click()
    const panel = one('.panel').getBoundingClientRect()
    expect(panel.width).toBeLessThanOrEqual(width)
    const outside = all('.panel *:not(.unseen)').filter((node) => {
      const { left, right, width: own } = node.getBoundingClientRect()
      return own > 0 && (left < panel.left - 0.5 || right > panel.right + 0.5)
    })
    expect(outside.map(({ className, textContent }) => `${className}: ${textContent}`)).toEqual([])
  })
})
