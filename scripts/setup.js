// Finds what the tests need beyond npm, and installs what is missing where that can be done without asking.
import { spawnSync } from 'node:child_process'
import { existsSync, rmSync, writeFileSync } from 'node:fs'
import { find, needs } from './executables.js'

const missing = async () => {
  const paths = await Promise.all(needs.map(({ name }) => find(name)))
  return needs.filter((_, index) => !paths[index])
}

const run = (command, args) => {
  console.log(`> ${command} ${args.join(' ')}`)
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' }
  return spawnSync(command, args, { stdio: 'inherit', env }).status === 0
}

/** Runs with the Debian policy that no package may start a service: nginx would listen on port 80. */
function withoutServices(install) {
  const policy = '/usr/sbin/policy-rc.d'
  if (existsSync(policy)) return install()
  writeFileSync(policy, '#!/bin/sh\nexit 101\n', { mode: 0o755 })
  try {
    return install()
  } finally {
    rmSync(policy)
  }
}

let wanted = await missing()
// Nothing is installed in place of a path that somebody has given.
const installable = () => wanted.filter(({ variable }) => !process.env[variable])

if (installable().length && existsSync('/etc/debian_version') && process.getuid?.() === 0) {
  const packages = installable().flatMap(({ debian }) => debian)
  run('apt-get', ['update', '-q'])
  withoutServices(() => run('apt-get', ['install', '-qy', '--no-install-recommends', ...packages]))
  wanted = await missing()
}

const downloadable = installable().filter(({ own }) => own)
if (downloadable.length) {
  run('npx', ['playwright', 'install', ...downloadable.map(({ name }) => name)])
  wanted = await missing()
}

for (const { name, variable, elsewhere } of wanted) {
  const given = process.env[variable]
  console.error(
    given
      ? `The tests need ${name}, and ${variable} names a file that does not exist: ${given}`
      : `The tests need ${name}, which was not found. Get it with: ${elsewhere}. Or set ${variable} to its path.`,
  )
}
process.exitCode = wanted.length ? 1 : 0
