import { expect, test } from 'vitest'
import { connect, refused, serve } from './support.ts'

const closedPaths = ['/chat', '/upload']

test.each(closedPaths)('%s is open to pages of this server, and to what is no page', async (path) => {
  const { url, socketUrl } = await serve()
  await connect(socketUrl + path, [], { origin: url })
  await connect(socketUrl + path)
})

test.each(
  closedPaths.flatMap((path) =>
    ['https://example.com', 'http://127.0.0.1', 'http://127.0.0.1.example.com', 'null', ''].map(
      (origin) => [path, origin] as const,
    ),
  ),
)('%s is shut to a page of "%s", and says why', async (path, origin) => {
  const { socketUrl } = await serve()
  expect(await refused(socketUrl + path, [], { headers: { origin } })).toEqual({
    status: 403,
    body: 'This path is for pages of this server only, not for those of other sites.\n',
  })
})

test.each([['https://example.com'], ['*']])(
  'others are let in where the server is told so: %s',
  async (origin) => {
    const { socketUrl } = await serve({ origins: [origin] })
    await connect(`${socketUrl}/chat`, [], { origin: 'https://example.com' })
  },
)

test.each(['/echo', '/hello', '/push', '/ws', '/chat-room', '/guest', '/guest-on-demand', '/no-protocol'])(
  '%s is open to pages of any site',
  async (path) => {
    const { socketUrl } = await serve()
    await connect(socketUrl + path, [], { origin: 'https://example.com' })
  },
)
