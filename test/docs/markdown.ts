import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** A fenced block of a page. */
export interface Block {
  file: string
  /** Of its first line of code, from 1. */
  line: number
  lang: string
  /** The words after the language: `run`, `file=server.mjs`. */
  words: string[]
  code: string
  /** Code that the reader does not see, from a comment `<!-- setup … -->` right before the block. */
  setup: string
  /** Why it is not compiled, from a comment `<!-- not compiled: … -->`. */
  skipped: string | undefined
}

/** The Markdown files that people read: those at the top, those in docs/, and bench/README.md. */
export function pages(): string[] {
  const top = readdirSync('.').filter((name) => name.endsWith('.md'))
  const docs = readdirSync('docs').filter((name) => name.endsWith('.md'))
  return [...top, ...docs.map((name) => join('docs', name)), 'bench/README.md'].filter(existsSync)
}

const comment = /<!-- (setup|continues|not compiled:)([\s\S]*?)-->\s*$/

export function blocks(file: string): Block[] {
  const text = readFileSync(file, 'utf8')
  const found: Block[] = []
  const fence = /^( *)```(\w+)([^\n]*)\n([\s\S]*?)^\1```$/gm
  for (const match of text.matchAll(fence)) {
    const [, indent = '', lang = '', info = '', body = ''] = match
    const before = text.slice(0, match.index)
    const [, kind, content = ''] = comment.exec(before) ?? []
    const previous = found.at(-1)
    found.push({
      file,
      line: before.split('\n').length + 1,
      lang,
      words: info.trim().split(/\s+/).filter(Boolean),
      code: body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
      setup:
        kind === 'setup'
          ? content.trim()
          : kind === 'continues' && previous
            ? `${previous.setup}\n${previous.code}`
            : '',
      skipped: kind === 'not compiled:' ? content.trim() : undefined,
    })
  }
  return found
}

/** The text without code, for spelling and links. */
export const prose = (text: string): string =>
  text.replace(/^( *)```[\s\S]*?^\1```$/gm, '').replace(/`[^`\n]*`/g, '')
