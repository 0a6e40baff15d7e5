import { upload as uploadFile } from '/holdfast/index.js'
import { make } from '../dom.js'
import { sizeWords } from '../sizes.js'
import { button } from './controls.js'

async function send(socket, write, { target }) {
  const [file] = target.files
  target.value = ''
  if (!file) return
  const bar = make('progress', { max: 1, value: 0, 'aria-label': `Sending ${file.name}` })
  write(`${file.name}, ${sizeWords(file.size)} `, 'out', bar)
  const onProgress = ({ loaded, total }) => {
    bar.value = loaded / total
  }
  await uploadFile(socket, file, { onProgress }).catch((error) => write(error.message, 'bad'))
}

function show(data, write) {
  const isBlob = data instanceof Blob
  const size = isBlob ? data.size : data.byteLength
  const image = make('img', {
    src: URL.createObjectURL(new Blob([data])),
    alt: 'The received file',
    class: 'thumbnail',
  })
  for (const end of ['load', 'error']) image.addEventListener(end, () => URL.revokeObjectURL(image.src))
  write(`${isBlob ? 'A Blob' : 'An ArrayBuffer'} of ${sizeWords(size)}`, 'in', image)
}

const again = (type) => (socket) => {
  socket.binaryType = type
  socket.send('again')
}

function picker(use) {
  const input = make('input', { type: 'file', class: 'unseen' })
  input.addEventListener('change', use(send))
  return make('label', { class: 'button' }, input, 'Pick a file')
}

export const upload = {
  number: 7,
  title: 'Upload',
  about:
    'A file is sent as one binary message, at most 8 MiB, and saved by the server. It can be received as a Blob or as an ArrayBuffer.',
  code: `await upload(socket, file, {
  onProgress: ({ loaded, total }) => …
})
socket.binaryType = 'arraybuffer'
socket.on('binary', (data) => …)`,
  starts: [{ label: 'Start', path: () => '/upload' }],
  listen: (socket, write) => {
    socket.on('json', ({ type, name, bytes, message }) =>
      type === 'error' ? write(message, 'bad') : write(`Saved as ${name}, ${sizeWords(bytes)}`, 'good'),
    )
    socket.on('binary', (data) => show(data, write))
  },
  controls: (use) => [
    picker(use),
    button('Back as Blob', use(again('blob'))),
    button('Back as ArrayBuffer', use(again('arraybuffer'))),
  ],
}
