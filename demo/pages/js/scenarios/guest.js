import { button } from './controls.js'

const shown = ({ guest, time }) => `${guest} came in at ${time}`

export const guest = {
  number: 5,
  title: 'Guest ticker',
  about: 'A Node server announces a guest every 3 to 8 seconds, without being asked.',
  code: `const socket = new Socket('/guest', {
  heartbeat: { silence: 20_000 },
})
socket.on('json', ({ guest, time }) => …)`,
  starts: [{ label: 'Start', path: () => '/guest', options: { heartbeat: { silence: 20_000 } } }],
  listen: (socket, write) => socket.on('json', (message) => write(shown(message), 'in')),
}

export const guestOnDemand = {
  number: 6,
  title: 'Guest on demand',
  about:
    'The first frame is plain text. It is reported as invalid JSON, and the guests after it arrive as usual.',
  code: `const socket = new Socket('/guest-on-demand')
socket.on('json', ({ guest, time }) => …)
socket.on('invalid', ({ text }) => …)`,
  starts: [{ label: 'Start', path: () => '/guest-on-demand' }],
  listen: (socket, write) => {
    socket.on('json', (message) => write(shown(message), 'in'))
    socket.on('invalid', ({ text }) => write(`Not JSON: ${text}`, 'bad'))
  },
  controls: (use) => [
    button(
      'Next guest',
      use((socket) => socket.send('next')),
    ),
  ],
}
