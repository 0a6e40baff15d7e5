import { existsSync, readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import ts from 'typescript'
import { type Block, blocks, pages } from './markdown.ts'
import { setupOf } from './setups.ts'

const entries: Record<string, string> = JSON.parse(readFileSync('scripts/entries.json', 'utf8'))
const folder = resolve('test/docs/.blocks')

/** The entries as they are imported, each with its source, so that no build is needed. */
export const paths = Object.fromEntries(
  Object.entries(entries)
    .filter(([, path]) => existsSync(path))
    .map(([name, path]) => [name, [resolve(path)]]),
)

const options: ts.CompilerOptions = {
  target: ts.ScriptTarget.ES2022,
  lib: ['lib.es2022.d.ts', 'lib.dom.d.ts', 'lib.dom.iterable.d.ts', 'lib.webworker.importscripts.d.ts'],
  module: ts.ModuleKind.ESNext,
  moduleResolution: ts.ModuleResolutionKind.Bundler,
  moduleDetection: ts.ModuleDetectionKind.Force,
  jsx: ts.JsxEmit.ReactJSX,
  strict: true,
  exactOptionalPropertyTypes: true,
  noUncheckedIndexedAccess: true,
  allowImportingTsExtensions: true,
  allowJs: true,
  checkJs: true,
  noEmit: true,
  skipLibCheck: true,
  types: ['node', 'ws'],
  paths,
}

interface Source {
  block: Block
  /** Lines of setup in front of the code. */
  shift: number
  text: string
}

const extension: Record<string, string> = { ts: 'ts', tsx: 'tsx', jsx: 'tsx', js: 'js', html: 'js' }

/** The scripts of a page; module or not, they are checked as one file. */
const scripts = (html: string) =>
  [...html.matchAll(/<script(?![^>]*\bsrc=)[^>]*>([\s\S]*?)<\/script>/g)].map(([, code]) => code).join('\n')

/** Types are checked in TypeScript, and names in JavaScript. */
const strictness = (lang: string) => (lang === 'js' || lang === 'html' ? '// @ts-check' : '')

function sources(): Map<string, Source> {
  const files = new Map<string, Source>()
  for (const block of pages().flatMap(blocks)) {
    const kind = extension[block.lang]
    if (!kind || block.skipped) continue
    const code = block.lang === 'html' ? scripts(block.code) : block.code
    const head = [
      strictness(block.lang),
      kind === 'js' ? '' : setupOf(block.file, block.code),
      block.setup,
      '',
    ].join('\n')
    const name = `${block.file.replaceAll(/\W/g, '-')}-${block.line}.${kind}`
    files.set(resolve(folder, name), { block, shift: head.split('\n').length - 1, text: head + code })
  }
  return files
}

/**
 * What JavaScript cannot say: types of parameters (7006, 7031), that an element is there (2531) and what kind it is
 * (2339), and what a JSON message looks like.
 */
function untyped({ code, messageText }: ts.Diagnostic): boolean {
  const message = ts.flattenDiagnosticMessageText(messageText, ' ')
  if (code === 2339) return / on type '(HTML)?Element'/.test(message)
  return code === 7006 || code === 7031 || code === 2531 || / type 'unknown' is not assignable/i.test(message)
}

/** Type-checks every block of code, and returns what is wrong as `file:line message`. */
export function check(): { count: number; errors: string[] } {
  const files = sources()
  const host = ts.createCompilerHost(options)
  const { fileExists, readFile, getSourceFile, directoryExists } = host
  host.fileExists = (name) => files.has(name) || fileExists(name)
  host.readFile = (name) => files.get(name)?.text ?? readFile(name)
  host.directoryExists = (name) => name === folder || (directoryExists?.(name) ?? true)
  host.getSourceFile = (name, version, ...rest) => {
    const text = files.get(name)?.text
    return text === undefined
      ? getSourceFile(name, version, ...rest)
      : ts.createSourceFile(name, text, version, true)
  }
  const preludes = ['prelude.d.ts', ...(paths['holdfast/inspect'] ? ['prelude-inspect.d.ts'] : [])].map(
    (name) => resolve(dirname(folder), name),
  )
  const program = ts.createProgram([...files.keys(), ...preludes], options, host)
  const errors: string[] = []
  for (const [name, { block, shift }] of files) {
    const file = program.getSourceFile(name)
    const script = name.endsWith('.js')
    for (const problem of [
      ...program.getSyntacticDiagnostics(file),
      ...program.getSemanticDiagnostics(file),
    ]) {
      if (script && untyped(problem)) continue
      const { line } = file?.getLineAndCharacterOfPosition(problem.start ?? 0) ?? { line: 0 }
      const message = ts.flattenDiagnosticMessageText(problem.messageText, ' ')
      errors.push(`${block.file}:${block.line + line - shift} ${message}`)
    }
  }
  return {
    count: files.size,
    errors: [...errors, ...preludes.flatMap((prelude) => unresolved(program, prelude))],
  }
}

/** The prelude itself must be right, or it would make everything `any`. */
const unresolved = (program: ts.Program, prelude: string) =>
  program
    .getSemanticDiagnostics(program.getSourceFile(prelude))
    .map(({ messageText }) => `prelude.d.ts ${ts.flattenDiagnosticMessageText(messageText, ' ')}`)
