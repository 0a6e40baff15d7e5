const options = { protocols: ['chat', 'superchat'], reconnect: { attempts: 1 } }

export const subprotocols = {
  number: 8,
  title: 'Subprotocols',
  about:
    'The client offers chat and superchat. One server selects chat. The other selects none, which fails in every browser alike.',
  code: `const socket = new Socket('/superchat', {
  protocols: ['chat', 'superchat'],
})
socket.on('open', ({ protocol }) => …)`,
  // Chromium fails a handshake without a common subprotocol, and reports it like any other failure.
  closeWords: (close, opened) =>
    opened || close.cause === 'user'
      ? undefined
      : 'The handshake failed. Either the server selected no offered subprotocol, or it does not answer: browsers do not tell which.',
  starts: [
    { label: 'A server that selects chat', path: () => '/superchat', options },
    { label: 'A server that selects none', path: () => '/no-protocol', options, quiet: true },
  ],
}
