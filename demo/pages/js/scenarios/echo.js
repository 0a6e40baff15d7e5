import { Socket } from '/holdfast/index.js'
import { newId } from '../id.js'
import { button, textLine } from './controls.js'

const tag = `tab-${newId().slice(0, 8)}`

/** Asks the server, over another connection, to push to the client with our tag. */
function pushToMe(_socket, write) {
  const pusher = new Socket(new URL('/push', location.href))
  pusher.sendJson({ to: tag, text: 'A push, not an answer' })
  pusher.on('json', ({ pushed }) => {
    write(pushed ? 'The server pushed' : 'The server does not know this client', pushed ? 'good' : 'bad')
    pusher.close()
  })
}

export const echo = {
  number: 1,
  title: 'Echo chat',
  about: 'A Swoole server that gives one answer to everything, and can push to a client at any time.',
  code: `const socket = new Socket('/echo')
socket.on('text', (text) => append(text))
socket.send('Visitor: hello')`,
  starts: [{ label: 'Start', path: () => `/echo?tag=${tag}` }],
  listen: (socket, write) => socket.on('text', (text) => write(text, 'in')),
  controls: (use) => [
    textLine({
      label: 'Something to say',
      submit: 'Send',
      work: (text) =>
        use((socket, write) => {
          write(`Visitor: ${text}`, 'out')
          socket.send(`Visitor: ${text}`)
        })(),
    }),
    button('Push to me', use(pushToMe)),
  ],
}
