import { cp, mkdtemp, realpath, rm, symlink } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { bundleFrom } from '../../demo/server/bundle.ts'

// `git clone` calls the folder as the pages' own address begins: /holdfast/index.js.
test.for(['holdfast', 'another'])('the pages find the library in a clone that is called %s', async (name) => {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'clone-')))
  onTestFinished(() => rm(folder, { recursive: true }))
  const clone = join(folder, name)
  await cp('src', join(clone, 'src'), { recursive: true })
  await symlink(join(process.cwd(), 'node_modules'), join(clone, 'node_modules'))
  const modules = await bundleFrom(clone)
  expect([...modules.keys()]).toEqual(
    expect.arrayContaining(['index.js', 'session.js', 'tabs.js', 'inspect.js']),
  )
})
