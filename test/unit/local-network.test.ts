import { afterEach, expect, test, vi } from 'vitest'
import { localNetworkPermission } from '../../src/core/local-network.ts'

const query = vi.fn(async ({ name }: { name: string }) => ({ name, state: 'prompt' }))

afterEach(() => {
  vi.unstubAllGlobals()
  query.mockClear()
})

/** Which permission is asked for before this URL is dialled. */
async function asked(url: string): Promise<string | undefined> {
  vi.stubGlobal('navigator', { permissions: { query } })
  return (await localNetworkPermission(url))?.name
}

test.for([
  'ws://localhost/',
  'wss://app.localhost:8443/path',
  'ws://127.0.0.1:8080/?room=1',
  'ws://[::1]:8080/',
  'ws://user:password@127.0.0.1/',
])('%s needs the permission for loopback addresses', async (url) => {
  expect(await asked(url)).toBe('loopback-network')
})

test.for([
  'ws://10.0.0.1/',
  'wss://192.168.1.20:8443/path',
  'ws://172.16.0.1/',
  'ws://169.254.1.1/',
  'ws://[fd00::1]:8080/',
  'ws://[fe80::1]/',
  'wss://printer.local/',
])('%s needs the permission for the local network', async (url) => {
  expect(await asked(url)).toBe('local-network')
})

test.for([
  'wss://example.com/',
  'wss://example.com/127.0.0.1',
  'wss://example.com/?host=localhost',
  'wss://localhost.example.com/',
  'ws://127.0.0.1.example.com/',
  'ws://172.32.0.1/',
  'wss://localhost@example.com/',
  'wss://localhost:80@example.com/',
  'ws://[2001:db8::1]/',
])('%s needs no permission', async (url) => {
  expect(await asked(url)).toBeUndefined()
  expect(query).not.toHaveBeenCalled()
})
