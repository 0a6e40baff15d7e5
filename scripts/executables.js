import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** As Debian names it in its paths. */
const machine = { x64: 'x86_64', arm64: 'aarch64' }[process.arch] ?? process.arch

/**
 * What the tests need beyond npm: how each is found, which Debian package brings it, and how else to get it.
 * @type {{ name: string, only?: string, variable: string, names: string[], debian: string[], folders?: string[], elsewhere: string, own?: () => Promise<string> }[]}
 */
const all = [
  {
    name: 'chromium',
    variable: 'CHROMIUM_PATH',
    names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
    debian: ['chromium'],
    elsewhere: 'npx playwright install chromium',
    // Loaded last: it takes longer than everything else together.
    own: async () => (await import('playwright')).chromium.executablePath(),
  },
  {
    name: 'firefox',
    variable: 'FIREFOX_PATH',
    // The one that playwright brings is patched; this is what people have.
    names: ['firefox-esr', 'firefox'],
    debian: ['firefox-esr'],
    elsewhere: 'apt install firefox-esr, or mozilla.org',
  },
  {
    name: 'WebKitWebDriver',
    only: 'linux',
    variable: 'WEBKIT_DRIVER_PATH',
    names: ['WebKitWebDriver'],
    debian: ['webkit2gtk-driver'],
    elsewhere: 'apt install webkit2gtk-driver',
  },
  {
    name: 'MiniBrowser',
    only: 'linux',
    variable: 'MINIBROWSER_PATH',
    names: ['MiniBrowser'],
    debian: ['webkit2gtk-driver'],
    folders: ['4.1', '4.0', '6.0'].map((version) => `/usr/lib/${machine}-linux-gnu/webkit2gtk-${version}`),
    elsewhere: 'apt install webkit2gtk-driver',
  },
  {
    name: 'Xvfb',
    only: 'linux',
    variable: 'XVFB_PATH',
    names: ['Xvfb'],
    debian: ['xvfb'],
    elsewhere: 'apt install xvfb',
  },
  {
    // A file of the package: the interpreter alone does not tell whether it has it.
    name: 'python3-websockets',
    variable: 'PYTHON_WEBSOCKETS_PATH',
    names: ['version.py'],
    debian: ['python3-websockets'],
    folders: ['/usr/lib/python3/dist-packages/websockets'],
    elsewhere: 'apt install python3-websockets',
  },
  {
    name: 'nginx',
    variable: 'NGINX_PATH',
    names: ['nginx'],
    debian: ['nginx-light'],
    elsewhere: 'apt install nginx-light, or brew install nginx',
  },
  {
    name: 'redis-server',
    variable: 'REDIS_SERVER_PATH',
    names: ['redis-server'],
    debian: ['redis-server'],
    elsewhere: 'apt install redis-server, or brew install redis',
  },
]

/** Those that there are for this system: WebKitGTK is of Linux. */
export const needs = all.filter(({ only }) => !only || only === process.platform)

/** The path of a needed program, or `undefined`. */
export async function find(name) {
  const need = needs.find((candidate) => candidate.name === name)
  if (!need)
    throw new TypeError(`Nothing is known about "${name}". Add it to the needs in scripts/executables.js.`)
  const given = process.env[need.variable]
  // A path that is given and wrong is a mistake to be told, not to be passed over.
  if (given) return existsSync(given) ? given : undefined
  // nginx lives in sbin, which is not on every user's path.
  const usual = [...(process.env.PATH ?? '').split(delimiter), '/usr/bin', '/usr/sbin', '/usr/local/sbin']
  const folders = [...usual, ...(need.folders ?? [])]
  const candidates = need.names.flatMap((file) => folders.map((folder) => join(folder, file)))
  const found = candidates.find((path) => existsSync(path))
  if (found || !need.own) return found
  const own = await need.own()
  return existsSync(own) ? own : undefined
}

/** The path of a needed program. */
export async function executable(name) {
  const path = await find(name)
  if (!path) throw new Error(`No ${name} found. Run "npm run setup", which installs it or says how to.`)
  return path
}
