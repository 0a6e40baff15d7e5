// Puts the figures of `npm run bench:tabs` between their marks in docs/tabs.md.
import { readFileSync, writeFileSync } from 'node:fs'

const docs = new URL('../../docs/tabs.md', import.meta.url)
const MB = (bytes: number) => `${Math.round(bytes / 1e6)} MB`

interface Figures {
  connections: number
  cost: number
  memory: number
}

/** The section of docs/tabs.md that shows the figures. */
export function section(): string {
  const { tabs, rate, own, shared, ratio, rounds, machine } = JSON.parse(
    readFileSync(new URL('results.json', import.meta.url), 'utf8'),
  )
  const row = (name: string, { connections, cost, memory }: Figures) =>
    `| ${name} | ${connections} | ${cost} µs | ${MB(memory)} |`
  return [
    `| ${tabs} tabs, ${rate} messages a second | connections | processor time per message and tab | memory of the browser |`,
    '|---|--:|--:|--:|',
    row('a socket per tab', own),
    row('`holdfast/tabs`', shared),
    `| ratio | | ${ratio.cpu} | ${ratio.memory} |`,
    '',
    `All processes of Chromium together, median of ${rounds} round${rounds === 1 ? '' : 's'}, less what they use while nothing is sent. ${machine.processors}.`,
  ].join('\n')
}

export const fill = (text: string) =>
  text.replace(
    /(<!-- tabs -->\n)[\s\S]*?(<!-- \/tabs -->)/,
    (_, start, end) => `${start}${section()}\n${end}`,
  )

if (import.meta.filename === process.argv[1]) writeFileSync(docs, fill(readFileSync(docs, 'utf8')))
