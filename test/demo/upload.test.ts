import { mkdir, readdir, readFile, rmdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { connect, png, serve } from './support.ts'

test('a binary message becomes a file with a name that the server chose', async () => {
  const { socketUrl, folder } = await serve()
  const client = await connect(`${socketUrl}/upload`)
  client.send(png)
  const { name, bytes } = await client.json('saved')
  expect(bytes).toBe(png.length)
  expect(name).toMatch(/^\d+-[0-9a-f]{16}\.png$/)
  expect(await readdir(folder)).toEqual([name])
  expect(await readFile(join(folder, String(name)))).toEqual(png)
})

test('"again" has the last file of this connection sent back', async () => {
  const { socketUrl } = await serve()
  const client = await connect(`${socketUrl}/upload`)
  client.send('again')
  expect(await client.json()).toEqual({ type: 'error', message: 'There is no file of yours to send back.' })
  client.send(png)
  await client.json('saved')
  client.send('again')
  expect(await client.next()).toEqual(png)
})

test('a text or an empty file is told what is expected', async () => {
  const { socketUrl } = await serve()
  const client = await connect(`${socketUrl}/upload`)
  client.send('../../etc/passwd')
  expect(await client.json()).toEqual({
    type: 'error',
    message: 'Send a file as a binary message, or the text "again".',
  })
  client.send(Buffer.alloc(0))
  expect(await client.json()).toEqual({ type: 'error', message: 'The file is empty.' })
})

test('a picture is shown as what its bytes are; everything else is a download', async () => {
  const { url, socketUrl } = await serve()
  const client = await connect(`${socketUrl}/upload`)
  client.send(png)
  const picture = await fetch(url + (await client.json('saved')).url)
  expect(picture.headers.get('content-type')).toBe('image/png')
  client.send(Buffer.from('<script>alert(1)</script>'))
  const other = await fetch(url + (await client.json('saved')).url)
  expect(other.headers.get('content-type')).toBe('application/octet-stream')
  expect(other.headers.get('content-disposition')).toBe('attachment')
  for (const { headers } of [picture, other]) {
    expect(headers.get('x-content-type-options')).toBe('nosniff')
    expect(headers.get('content-security-policy')).toBe("default-src 'none'; sandbox")
  }
})

test('only so many files are kept, the newest, and files of others are left alone', async () => {
  const { socketUrl, folder } = await serve({ uploadsKept: 3 })
  await writeFile(join(folder, 'mine.txt'), 'not an upload')
  const client = await connect(`${socketUrl}/upload`)
  const names: unknown[] = []
  for (let file = 0; file < 5; file++) {
    client.send(Buffer.from([file]))
    names.push((await client.json('saved')).name)
    // Names begin with the millisecond, which is the order in which they are removed.
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
  expect((await readdir(folder)).sort()).toEqual([...names.slice(2), 'mine.txt'])
})

test('several clients at once each get their own file', async () => {
  const { socketUrl, folder } = await serve()
  const clients = await Promise.all(Array.from({ length: 10 }, () => connect(`${socketUrl}/upload`)))
  for (const [index, client] of clients.entries()) client.send(Buffer.alloc(100_000, index))
  const saved = await Promise.all(clients.map((client) => client.json('saved')))
  const files = await Promise.all(saved.map(({ name }) => readFile(join(folder, String(name)))))
  expect(files.map((file) => file[0])).toEqual(clients.map((_, index) => index))
})

test('a file that is gone before it is counted hinders nobody', async () => {
  const { socketUrl, folder } = await serve()
  // Listed and not to be found, as what another process removes in between.
  await symlink('nowhere', join(folder, '1000000000000-0123456789abcdef.bin'))
  const client = await connect(`${socketUrl}/upload`)
  for (let file = 0; file < 2; file++) {
    client.send(png)
    expect(await client.json()).toMatchObject({ type: 'saved' })
  }
})

test('a clean-up that fails is logged, and neither this file nor the next one is lost for it', async () => {
  const lines: string[] = []
  const { socketUrl, folder } = await serve({ uploadsKept: 1, log: (line) => lines.push(line) })
  // What cannot be removed as a file.
  const stubborn = join(folder, '1000000000000-0123456789abcdef.bin')
  await mkdir(stubborn)
  const client = await connect(`${socketUrl}/upload`)
  client.send(png)
  expect(await client.json()).toMatchObject({ type: 'saved' })
  expect(lines.filter((line) => line.includes(stubborn))).toHaveLength(1)
  await rmdir(stubborn)
  client.send(png)
  expect(await client.json()).toMatchObject({ type: 'saved' })
  expect(await readdir(folder)).toHaveLength(1)
})

test('a file in the folder that is not an upload cannot be read', async () => {
  const { url, folder } = await serve()
  await symlink('/etc/passwd', join(folder, 'passwd'))
  expect((await fetch(`${url}/uploads/passwd`)).status).toBe(404)
})

test('a folder that cannot be written is told to the sender', async () => {
  const { socketUrl } = await serve({ uploads: '/dev/null/uploads' })
  const client = await connect(`${socketUrl}/upload`)
  client.send(png)
  expect(await client.json()).toEqual({ type: 'error', message: 'The file could not be saved.' })
})
