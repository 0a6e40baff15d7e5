export const hello = {
  number: 2,
  title: 'Hello and goodbye',
  about: 'Greets when the line is open, and says goodbye five seconds after the first answer.',
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
