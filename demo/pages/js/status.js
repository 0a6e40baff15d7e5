import { closeWords } from './close-words.js'
import { byId } from './dom.js'
import { pulseLine } from './pulse-line.js'

/** What the pill, the banner and the facts say about the line. The words are read out; the seconds only seen. */
export function showStatus(socket) {
  const pulse = pulseLine(byId('pulse'))
  let reconnects = 0
  let counting
  let wasOpen = false

  function show(status, words, detail = '') {
    clearInterval(counting)
    document.documentElement.dataset.status = status
    byId('status').textContent = words
    byId('detail').textContent = detail
    byId('banner').hidden = status !== 'waiting' && status !== 'closed'
    byId('try-now').hidden = status !== 'waiting'
    byId('connect-again').hidden = status !== 'closed'
  }

  function countDown(words, delay) {
    const end = performance.now() + delay
    byId('banner').style.setProperty('--delay', `${delay}ms`)
    const tick = () => {
      const left = Math.max(0, end - performance.now()) / 1_000
      byId('detail').textContent = `${left.toFixed(1)} s`
      byId('banner-text').textContent = `${words}. Next try in ${left.toFixed(1)} s.`
    }
    tick()
    counting = setInterval(tick, 100)
  }

  socket.on('connecting', ({ attempt }) =>
    show('connecting', 'Connecting', attempt ? `try ${attempt + 1}` : ''),
  )
  socket.on('open', ({ reconnected }) => {
    if (reconnected) reconnects += 1
    byId('reconnects').textContent = String(reconnects)
    wasOpen = true
    show('open', 'Connected')
  })
  socket.on('pulse', ({ rtt }) => {
    const words = rtt < 1 ? '<1 ms' : `${Math.round(rtt)} ms`
    byId('detail').textContent = words
    byId('rtt').textContent = words
    pulse.add(rtt)
  })
  socket.on('waiting', ({ delay, close }) => {
    show('waiting', 'Reconnecting')
    byId('rtt').textContent = '–'
    pulse.add(null)
    countDown(closeWords(close, wasOpen), delay)
  })
  socket.on('closed', (close) => {
    show('closed', 'Disconnected')
    byId('rtt').textContent = '–'
    byId('banner-text').textContent = `${closeWords(close, wasOpen)}.`
  })
  byId('try-now').addEventListener('click', () => socket.open())
  byId('connect-again').addEventListener('click', () => {
    socket.open()
    byId('text').focus()
  })
}
