import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { pages } from '../../scripts/readme.js'
import { prose } from './markdown.ts'

/** The text without what stands between `<!-- name -->` and `<!-- /name -->`, where scripts write figures. Lines stay where they are. */
const withoutMarked = (text: string) =>
  text.replace(/<!-- (\w+) -->\n[\s\S]*?<!-- \/\1 -->/g, (marked) => marked.replaceAll(/[^\n]/g, ''))

/** How measurements are written. Limits and defaults are in KiB, MiB, s or ms. */
const measurement =
  /\d ?(kB|µs|%)|×\s?\d|\d ?×|\bmeasured\b.*\d|\d+ (times|percent) (faster|slower|smaller|larger|less|more)/i

test.each(pages())('%s has measurements only where a bench has written them', (page) => {
  const lines = withoutMarked(prose(readFileSync(page, 'utf8'))).split('\n')
  const found = lines.flatMap((line, index) =>
    measurement.test(line) ? [`${page}:${index + 1} ${line}`] : [],
  )
  expect(found).toEqual([])
})
