import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('.', import.meta.url))

/** Of the peers, those that are not there, or in another version than the figures are of. */
export function missing(folder: string): string[] {
  const read = (path: string) => JSON.parse(readFileSync(join(folder, path), 'utf8'))
  const wanted = Object.entries<string>(read('package.json').dependencies)
  const there = (name: string) => {
    try {
      return read(`node_modules/${name}/package.json`).version
    } catch {
      return undefined
    }
  }
  return wanted.filter(([name, version]) => there(name) !== version).map(([name]) => name)
}

/** Installs the peers where they are missing: the library itself needs none of them. */
export function install(): void {
  if (missing(folder).length === 0) return
  console.log('Installing the peers …')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'inherit' })
  if (status === 0 && missing(folder).length === 0) return
  console.error(
    `The peers could not be installed (${missing(folder).join(', ')}): run "npm ci" in bench/ and see why.`,
  )
  process.exit(1)
}
