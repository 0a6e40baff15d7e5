import { line } from './controls.js'

// The server of a real installation has 600 and 60: nobody would wait for that here.
const path = () => '/ws?idle=4&check=1'

export const service = {
  number: 3,
  title: 'A service that cuts the idle',
  about:
    'Who says nothing for 4 seconds is cut without a word, as LaravelS does. A heartbeat keeps the line; without one it is cut, and healed.',
  starts: [
    {
      label: 'With a heartbeat',
      path,
      options: { heartbeat: { ping: 'ping', pong: 'pong', interval: 2_000 } },
    },
    { label: 'Without', path, quiet: true },
  ],
  listen: (socket, write) => {
    socket.on('text', (text) => write(text, 'in'))
    socket.on('pulse', ({ rtt }) => write(`ping and pong, ${rtt.toFixed(1)} ms`))
  },
  controls: (use) => [
    line({
      label: 'A message for the service',
      submit: 'Send',
      work: (text) =>
        use((socket, write) => {
          write(text, 'out')
          socket.send(text)
        })(),
    }),
  ],
}
