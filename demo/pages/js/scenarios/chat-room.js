import { make } from '../dom.js'
import { line } from './controls.js'

const words = {
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
    'Everybody hears everybody. Leave out the name or the message, and the server says what is missing, to you alone.',
  starts: [{ label: 'Start', path: () => '/chat-room' }],
  listen: (socket, write) => socket.on('json', (message) => write(...words[message.type](message))),
  controls: (use) => [
    line({
      label: 'Message',
      submit: 'Send',
      optional: true,
      extra: [name],
      work: (message) => use((socket) => socket.sendJson({ name: name.value, message }))(),
    }),
  ],
}
