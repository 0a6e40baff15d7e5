import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { pages, prose } from './markdown.ts'

/** Words that once stood for something else here, each with the plain word to use. */
const avoided: [RegExp, string][] = [
  [/\banew\b/i, 'again'],
  [/\bwhoever\b/i, 'the caller, or the application'],
  [/\banswers? with (its|the) (undo|result)/i, 'returns'],
  [/\bits undo\b/i, 'an unsubscribe function'],
  [/\b(is|are) told\b/i, 'is notified, or receives'],
  [/\bgiven up\b/i, 'dropped'],
  [/\bdear(er)?\b/i, 'expensive'],
  [/\b(hears?|heard)\b/i, 'receives'],
  [/\bface of\b/i, 'interface'],
  [/\bthe (house|hall|lane|bearer)\b/i, 'architecture, host, connection, transport'],
  [
    /\b(the|a|this|one|its|open|dead|broken) lines?\b(?! (of|is longer|above|below|that|in|for|with)\b)/i,
    'connection',
  ],
]

test.each(pages())('%s uses the plain words', (page) => {
  const lines = prose(readFileSync(page, 'utf8')).split('\n')
  const found = lines.flatMap((line, index) =>
    avoided
      .filter(([pattern]) => pattern.test(line))
      .map(([pattern, better]) => `${page}:${index + 1} ${pattern.exec(line)?.[0]}: write "${better}"`),
  )
  expect(found).toEqual([])
})

test('the docs are spelled right: a name that cspell does not know goes into docs/.vitepress/words.txt', () => {
  const { stdout, stderr, status } = spawnSync(
    process.execPath,
    [
      'node_modules/cspell/bin.mjs',
      '--no-progress',
      '--no-summary',
      '--config',
      'docs/.vitepress/cspell.json',
      ...pages(),
    ],
    { encoding: 'utf8' },
  )
  expect(stdout + (status === 0 ? '' : stderr)).toBe('')
})
