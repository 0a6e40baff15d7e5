const options = { protocols: ['chat', 'superchat'], reconnect: { attempts: 1 } }

export const subprotocols = {
  number: 8,
  title: 'Subprotocols',
  about:
    'Offers chat and superchat. One server answers chat. The other picks none, which is a failure in every browser alike.',
  starts: [
    { label: 'One that picks chat', path: () => '/superchat', options },
    { label: 'One that picks none', path: () => '/no-protocol', options, quiet: true },
  ],
}
