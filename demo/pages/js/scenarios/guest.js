import { button } from './controls.js'

const shown = ({ guest, time }) => `${guest} came in at ${time}`

export const guest = {
  number: 5,
  title: 'Guest ticker',
  about: 'A Node server announces a guest every 3 to 8 seconds, without being asked.',
  starts: [{ label: 'Start', path: () => '/guest', options: { heartbeat: { silence: 20_000 } } }],
  listen: (socket, write) => socket.on('json', (message) => write(shown(message), 'in')),
}

export const guestOnDemand = {
  number: 6,
  title: 'Guest on demand',
  about:
    'Its first frame is plain text. That one is reported as not JSON, and the guests after it come all the same.',
  starts: [{ label: 'Start', path: () => '/guest-on-demand' }],
  listen: (socket, write) => {
    socket.on('json', (message) => write(shown(message), 'in'))
    socket.on('invalid', ({ text }) => write(`Not JSON: ${text}`, 'bad'))
  },
  controls: (use) => [
    button(
      'Next, please',
      use((socket) => socket.send('next')),
    ),
  ],
}
