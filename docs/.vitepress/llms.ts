import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { existing, fileOf } from './pages.ts'

/** The first sentence of a page, without its links. */
const summary = (text: string) =>
  (
    text
      .replace(/^---\n[\s\S]*?\n---\n/, '')
      .split(/\n\n+/)
      .find((part) => /^[A-Z`*]/.test(part))
      ?.replaceAll('\n', ' ')
      .replace(/\[([^\]]*)\]\([^)]*\)/g, '$1') ?? ''
  ).replace(/([.:]) .*$/, '$1')

/**
 * Writes `llms.txt`, a list of all pages with their first sentences, and `llms-full.txt`, all pages in one file.
 * Source of the format: https://llmstxt.org
 */
export function writeLlmsText(outDir: string): void {
  const list: string[] = []
  const full: string[] = []
  for (const { text: title, items } of existing()) {
    list.push(`\n## ${title}\n`)
    for (const item of items) {
      const text = readFileSync(fileOf(item), 'utf8')
      const link = `/docs${item.link}${item.link.endsWith('/') ? 'index' : ''}.html`
      list.push(`- [${item.text}](${link}): ${summary(text)}`)
      if (!item.link.startsWith('/api')) full.push(text.trim())
    }
  }
  const head = '# Holdfast\n\n> A small, typed client for any WebSocket server, for browsers.\n'
  writeFileSync(join(outDir, 'llms.txt'), `${head}${list.join('\n')}\n`)
  writeFileSync(join(outDir, 'llms-full.txt'), `${full.join('\n\n---\n\n')}\n`)
}
