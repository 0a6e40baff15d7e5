// Puts the measured figures between their markers in README.md and docs/, so that nobody has to remember to.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { sections } from './sections.js'

const json = (path) => JSON.parse(readFileSync(path, 'utf8'))

/** The pages that may have marks. */
export const pages = () => [
  'README.md',
  ...readdirSync('docs')
    .filter((name) => name.endsWith('.md'))
    .map((name) => `docs/${name}`),
]

/** The text of a page, with every `<!-- name -->` … `<!-- /name -->` replaced by the section of that name. */
export function fill(text, figures) {
  return Object.entries(sections).reduce((filled, [name, write]) => {
    const marks = new RegExp(`(<!-- ${name} -->\n)[\\s\\S]*?(<!-- /${name} -->)`)
    return filled.replace(marks, (_, start, end) => `${start}${write(figures)}\n${end}`)
  }, text)
}

/** The sections that stand in no page. */
export const missing = (texts) =>
  Object.keys(sections).filter((name) => !texts.some((text) => text.includes(`<!-- ${name} -->\n`)))

/**
 * `dist/sizes.json` is written by `npm run size`, `bench/results.json` by `npm run bench` and its siblings,
 * `bench/load/results.json` by `npm run bench:load`, and `test/runtimes/results.json` by `npm run runtimes`.
 */
export const figures = () => ({
  sizes: json('dist/sizes.json'),
  results: json('bench/results.json'),
  load: json('bench/load/results.json'),
  runtimes: json('test/runtimes/results.json'),
})

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const read = figures()
  for (const page of pages()) {
    const text = readFileSync(page, 'utf8')
    const filled = fill(text, read)
    if (filled !== text) writeFileSync(page, filled)
  }
}
