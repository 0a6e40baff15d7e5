// Puts the measured figures between their markers in README.md, so that nobody has to remember to.
import { readFileSync, writeFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { sections } from './sections.js'

const json = (path) => JSON.parse(readFileSync(path, 'utf8'))

/** The text, with every `<!-- name -->` … `<!-- /name -->` filled anew from the figures. */
export function fill(text, figures) {
  return Object.entries(sections).reduce((filled, [name, write]) => {
    const marks = new RegExp(`(<!-- ${name} -->\n)[^]*?(<!-- /${name} -->)`)
    if (!marks.test(filled)) throw new Error(`README.md has no marks for "${name}".`)
    return filled.replace(marks, (_, start, end) => `${start}${write(figures)}\n${end}`)
  }, text)
}

/** `dist/sizes.json` is of `npm run size`, `bench/results.json` of `npm run bench` and its sisters. */
export const figures = () => ({ sizes: json('dist/sizes.json'), results: json('bench/results.json') })

if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href)
  writeFileSync('README.md', fill(readFileSync('README.md', 'utf8'), figures()))
