import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = fileURLToPath(new URL('.', import.meta.url))

/** Installs the peers where they are missing: the library itself needs none of them. */
export function install(): void {
  if (existsSync(`${folder}/node_modules`)) return
  console.log('Installing the peers …')
  const { status } = spawnSync('npm', ['ci', '--no-audit', '--no-fund'], { cwd: folder, stdio: 'inherit' })
  if (status !== 0) throw new Error('The peers could not be installed: run "npm ci" in bench/ and see why.')
}
