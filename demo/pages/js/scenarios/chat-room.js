import { make } from '../dom.js'
import { textLine } from './controls.js'

const shown = {
  system: ({ message }) => [message, 'good'],
  usermsg: ({ name, message }) => [`${name}: ${message}`, 'in'],
  error: ({ message }) => [message, 'bad'],
}

const name = make('input', {
  'aria-label': 'Name',
  placeholder: 'Name',
  maxlength: 60,
  autocomplete: 'off',
  class: 'short',
})

export const chatRoom = {
  number: 4,
  title: 'JSON chat room',
  about:
    'A message goes to everybody, and so does the news of who comes and goes. If the name or the message is missing, the server tells you alone.',
  code: `const socket = new Socket('/chat-room')
socket.on('json', (message) => append(message))
socket.sendJson({ name, message })`,
  starts: [{ label: 'Start', path: () => '/chat-room' }],
  listen: (socket, write) => socket.on('json', (message) => write(...shown[message.type](message))),
  controls: (use) => [
    textLine({
      label: 'Message',
      submit: 'Send',
      optional: true,
      extra: [name],
      work: (message) => use((socket) => socket.sendJson({ name: name.value, message }))(),
    }),
  ],
}
