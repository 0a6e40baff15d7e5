import { readdirSync, readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { sections } from '../../scripts/sections.js'
import { prose } from './markdown.ts'

const pages = [
  'README.md',
  ...readdirSync('docs').flatMap((name) => (/\.md$/.test(name) ? [`docs/${name}`] : [])),
]

/** Figures are written between marks, from the files of the benches. Lines stay where they are. */
const withoutMarked = (text: string) =>
  Object.keys({ ...sections, tabs: true }).reduce(
    (rest, name) =>
      rest.replace(new RegExp(`<!-- ${name} -->\\n[\\s\\S]*?<!-- /${name} -->`), (marked) =>
        marked.replaceAll(/[^\n]/g, ''),
      ),
    text,
  )

/** How measurements are written. Limits and defaults are in KiB, MiB, s or ms. */
const measurement =
  /\d ?(kB|µs|%)|×\s?\d|\d ?×|\bmeasured\b.*\d|\d+ (times|percent) (faster|slower|smaller|larger|less|more)/i

test.each(pages)('%s has measurements only where a bench has written them', (page) => {
  const lines = withoutMarked(prose(readFileSync(page, 'utf8'))).split('\n')
  const found = lines.flatMap((line, index) =>
    measurement.test(line) ? [`${page}:${index + 1} ${line}`] : [],
  )
  expect(found).toEqual([])
})
