import { textLine } from './controls.js'

// A real installation has 600 s and 60 s, too long for a demo.
const path = () => '/ws?idle=4&check=1'

export const service = {
  number: 3,
  title: 'Idle clients are cut',
  about:
    'LaravelS cuts a client that has sent nothing for a while (here 4 s), without a close frame. A heartbeat keeps the connection. Without one it is cut, and opened again.',
  code: `const socket = new Socket('/ws', {
  heartbeat: {
    ping: 'ping', pong: 'pong',
    interval: 2_000,
  },
})`,
  starts: [
    {
      label: 'With a heartbeat',
      path,
      options: { heartbeat: { ping: 'ping', pong: 'pong', interval: 2_000 } },
    },
    { label: 'Without a heartbeat', path, quiet: true },
  ],
  listen: (socket, write) => {
    socket.on('text', (text) => write(text, 'in'))
    socket.on('pulse', ({ rtt }) => write(`ping and pong, ${rtt.toFixed(1)} ms`))
  },
  controls: (use) => [
    textLine({
      label: 'Message',
      submit: 'Send',
      work: (text) =>
        use((socket, write) => {
          write(text, 'out')
          socket.send(text)
        })(),
    }),
  ],
}
