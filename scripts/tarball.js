import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'

const root = join(import.meta.dirname, '..')

/** Runs a command to its end, without blocking this process, and returns what it printed. */
export const run = async (command, args, { cwd = root, env = {}, timeout = 600_000 } = {}) => {
  const options = { cwd, env: { ...process.env, ...env }, timeout, maxBuffer: 64 * 1024 * 1024 }
  const { stdout } = await promisify(execFile)(command, args, options)
  return stdout
}

/** Packs the last build into that folder, and returns the tarball's path. */
export async function pack(folder) {
  const args = ['pack', '--json', '--ignore-scripts', '--pack-destination', folder]
  const [{ filename }] = JSON.parse(await run('npm', args))
  return join(folder, filename)
}

/** Installs packages in a project, and what its package.json names. */
export const install = (cwd, ...packages) =>
  run(
    'npm',
    [
      'install',
      '--ignore-scripts',
      '--prefer-offline',
      '--no-package-lock',
      '--no-audit',
      '--no-fund',
      ...packages,
    ],
    { cwd },
  )
