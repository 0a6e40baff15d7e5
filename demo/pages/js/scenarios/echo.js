import { newId } from '../id.js'
import { button, line } from './controls.js'

const tag = `tab-${newId().slice(0, 8)}`

/** Asks the server, over a line of its own, to push to the client with our tag. */
function pushToMe(_socket, write) {
  const pusher = new Holdfast.Socket(new URL('/push', location.href))
  pusher.sendJson({ to: tag, text: 'A push, not an answer' })
  pusher.on('json', ({ pushed }) => {
    write(pushed ? 'The server pushed' : 'The server does not know us', pushed ? 'good' : 'bad')
    pusher.close()
  })
}

export const echo = {
  number: 1,
  title: 'Echo chat',
  about: 'A Swoole server that has one answer to everything, and can push to a client at any time.',
  starts: [{ label: 'Start', path: () => `/echo?tag=${tag}` }],
  listen: (socket, write) => socket.on('text', (text) => write(text, 'in')),
  controls: (use) => [
    line({
      label: 'Something to say',
      submit: 'Send',
      work: (text) =>
        use((socket, write) => {
          write(`Visitor: ${text}`, 'out')
          socket.send(`Visitor: ${text}`)
        })(),
    }),
    button('Have it push to me', use(pushToMe)),
  ],
}
