export const hello = {
  number: 2,
  title: 'Hello and goodbye',
  about: 'Sends a greeting when the connection is open, and closes it five seconds after the first answer.',
  code: `const socket = new Socket('/hello')
socket.on('open', () => {
  socket.send('Hello from the browser')
})`,
  starts: [{ label: 'Start', path: () => '/hello' }],
  listen: (socket, write) => {
    socket.on('open', () => {
      write('Hello from the browser', 'out')
      socket.send('Hello from the browser')
    })
    socket.on('text', (text) => write(text, 'in'))
    const off = socket.on('text', () => {
      off()
      write('Closing in 5 s')
      setTimeout(() => socket.close(1000, 'goodbye'), 5_000)
    })
  },
}
