import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

interface Page {
  text: string
  link: string
}
interface Group {
  text: string
  items: Page[]
}

const docs = fileURLToPath(new URL('..', import.meta.url))

const page = (text: string, name: string): Page => ({ text, link: `/${name}` })

/** The order in which the pages are read: the sidebar and `llms.txt` are made of it. */
export const groups: Group[] = [
  {
    text: 'Start',
    items: [
      page('Getting started', 'getting-started'),
      page('How it compares', 'comparison'),
      page('Migration', 'migration'),
      page('Troubleshooting', 'troubleshooting'),
    ],
  },
  {
    text: 'Guides',
    items: [
      page('Authentication', 'authentication'),
      page('Request and response', 'request'),
      page('Uploads and binary', 'uploads'),
      page('Resubscribing after a reconnect', 'resubscribing'),
      page('Backpressure and large messages', 'backpressure'),
      page('Swoole, LaravelS and nginx', 'swoole-nginx'),
      page('Load balancers and deploys', 'deploys'),
      page('Security and CSP', 'security'),
      page('Runtimes and browsers', 'runtimes'),
    ],
  },
  {
    text: 'Beside the core',
    items: [
      page('Drop-in WebSocket class', 'websocket'),
      page('Sessions and topics', 'session'),
      page('React', 'react'),
      page('Vue', 'vue'),
      page('Other frameworks', 'recipes'),
      page('One connection for all tabs', 'tabs'),
      page('Testing your code', 'testing'),
      page('Inspector', 'inspector'),
    ],
  },
  {
    text: 'Reference',
    items: [
      page('Methods and helpers', 'methods'),
      page('Events', 'events'),
      page('Options', 'options'),
      page('Causes and close codes', 'close-codes'),
      page('API (from the source)', 'api/'),
      page('Session protocol', 'PROTOCOL'),
    ],
  },
  {
    text: 'Project',
    items: [
      page('Benchmarks', 'benchmarks'),
      page('Design notes', 'design-notes'),
      page('Releases', 'release'),
      page('Changelog', 'changelog'),
    ],
  },
]

/** The Markdown file of a page. */
export const fileOf = ({ link }: Page): string =>
  `${docs}${link.slice(1)}${link.endsWith('/') ? 'index' : ''}.md`

/** The pages that exist: `api/` is there once TypeDoc has run. */
export const existing = (): Group[] =>
  groups.map((group) => ({ ...group, items: group.items.filter((item) => existsSync(fileOf(item))) }))
