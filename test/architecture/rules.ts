import { posix } from 'node:path'
import ts from 'typescript'

/** Every file below src/ by its path there, and its text. */
export type Files = Record<string, string>

/** A part of src/: which other parts its files may import, and which packages. */
interface Part {
  imports: readonly string[]
  packages?: readonly string[]
}

/** What is built on the public list alone, and does not know of its siblings. */
const entry = (...packages: string[]): Part => ({ imports: ['index'], packages })

/** Arrows point one way: `core ← helpers ← index ← entries`, `session/protocol ← client`, `← server ← redis`. */
const parts: Record<string, Part> = {
  'core/policy': { imports: [] },
  core: { imports: ['core/policy'], packages: ['mitt'] },
  helpers: { imports: ['core'] },
  index: { imports: ['core', 'core/policy', 'helpers'] },
  websocket: entry(),
  // What React and Vue have in common.
  bindings: entry(),
  react: { imports: ['index', 'bindings'], packages: ['react'] },
  vue: { imports: ['index', 'bindings'], packages: ['vue'] },
  // A tab's socket is a `Socket` whose connection is a port: it shares the checks and events of the core.
  tabs: { imports: ['index', 'core', 'core/policy'] },
  testing: entry(),
  // Its options are checked as those of a socket are.
  inspect: { imports: ['index', 'core'] },
  'session/protocol': { imports: ['core', 'core/policy'] },
  'session/client': { imports: ['session/protocol', 'core', 'core/policy'] },
  'session/server': { imports: ['session/protocol', 'core', 'core/policy'] },
  'session/redis': { imports: ['session/server', 'session/protocol', 'core', 'core/policy'] },
}

/** Files that may know the page they run in, and what of it. */
const pageGlobals = ['window', 'document', 'location', 'navigator']
const mayKnow: Record<string, readonly string[]> = {
  'core/page.ts': ['document', 'navigator'],
  'core/local-network.ts': ['location', 'navigator'],
  // For relative URLs.
  'core/resolve-options.ts': ['location'],
}
/** Parts that run in any environment, and so leave the page to those files. */
const anywhere = ['core', 'core/policy', 'helpers', 'websocket', 'session/protocol', 'session/client']

/** What a script tag loads: everything of several lists under one global. */
const bundles = ['inspect/global.ts']

const impure = ['setTimeout', 'setInterval', 'queueMicrotask', 'Date', 'performance', 'Math.random', 'crypto']

interface Read {
  imports: string[]
  /** Those that are there when the code runs: files of one part may name each other's types. */
  loaded: string[]
  names: Set<string>
  wrong: string[]
}

function read(file: string, text: string): Read {
  const kind = file.endsWith('x') ? ts.ScriptKind.TSX : ts.ScriptKind.TS
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, false, kind)
  const found: Read = { imports: [], loaded: [], names: new Set(), wrong: [] }
  const visit = (node: ts.Node): void => {
    const from = moduleOf(node)
    if (from !== undefined) {
      const target = from.startsWith('.') ? posix.join(posix.dirname(file), from) : from
      found.imports.push(target)
      if (!isTypeOnly(node)) found.loaded.push(target)
    }
    if (ts.isIdentifier(node)) found.names.add(node.text)
    if (ts.isPropertyAccessExpression(node))
      found.names.add(`${node.expression.getText(source)}.${node.name.text}`)
    if (ts.isExportDeclaration(node) && !node.exportClause && !bundles.includes(file))
      found.wrong.push('has an `export *`')
    if (ts.isExportAssignment(node) || node.kind === ts.SyntaxKind.DefaultKeyword)
      found.wrong.push('has a default export')
    ts.forEachChild(node, visit)
  }
  ts.forEachChild(source, visit)
  return found
}

function isTypeOnly(node: ts.Node): boolean {
  if (ts.isImportTypeNode(node)) return true
  if (ts.isExportDeclaration(node)) return node.isTypeOnly
  return ts.isImportDeclaration(node) && node.importClause?.phaseModifier === ts.SyntaxKind.TypeKeyword
}

/** The module that a node imports: a declaration, an export from, `import()`, or `import('…')` as a type. */
function moduleOf(node: ts.Node): string | undefined {
  let from: ts.Node | undefined
  if (ts.isImportDeclaration(node) || ts.isExportDeclaration(node)) from = node.moduleSpecifier
  else if (ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword)
    from = node.arguments[0]
  else if (ts.isImportTypeNode(node) && ts.isLiteralTypeNode(node.argument)) from = node.argument.literal
  return from && ts.isStringLiteral(from) ? from.text : undefined
}

/** The part that a file belongs to: the longest folder that is one. */
function partOf(file: string): string | undefined {
  if (file === 'index.ts') return 'index'
  const folders = file.split('/').slice(0, -1)
  for (let depth = folders.length; depth > 0; depth--) {
    const name = folders.slice(0, depth).join('/')
    if (name in parts) return name
  }
  return undefined
}

/** Why `file` may not import `target`, or nothing. */
function objection(file: string, target: string, files: Files): string | undefined {
  const name = partOf(file)
  const part = name === undefined ? undefined : parts[name]
  if (!name || !part) return undefined
  if (!(target in files)) {
    if (!part.packages?.includes(target)) return `is not a package that ${name} may import`
    return target === 'mitt' && file !== 'core/emitter.ts' ? 'is for core/emitter.ts only' : undefined
  }
  const other = partOf(target)
  if (other === name || (other && part.imports.includes(other))) return undefined
  return `is not below ${name}`
}

/** The files from `file` back to itself, if there is such a way. */
function circle(file: string, reads: Map<string, Read>): string[] | undefined {
  const seen = new Set<string>()
  const walk = (at: string, path: string[]): string[] | undefined => {
    for (const target of reads.get(at)?.loaded ?? []) {
      if (target === file) return [...path, file]
      if (seen.has(target)) continue
      seen.add(target)
      const found = walk(target, [...path, target])
      if (found) return found
    }
    return undefined
  }
  return walk(file, [file])
}

function complaintsOf(file: string, found: Read, reads: Map<string, Read>, files: Files): string[] {
  const { imports, names, wrong } = found
  const complaints = [...wrong]
  const part = partOf(file)
  if (part === undefined) complaints.push('belongs to no part: name its folder in the rules')
  for (const target of imports) {
    const why = objection(file, target, files)
    if (why) complaints.push(`imports ${target}, which ${why}`)
  }
  const way = circle(file, reads)
  if (way) complaints.push(`imports itself: ${way.join(' → ')}`)
  if (part && anywhere.includes(part))
    for (const name of pageGlobals)
      if (names.has(name) && !mayKnow[file]?.includes(name)) complaints.push(`knows ${name}`)
  if (part === 'core/policy')
    for (const name of impure)
      if (names.has(name)) complaints.push(`uses ${name}: time and chance come in as arguments`)
  return complaints
}

/** Everything that breaks the rules, in sentences. */
export function violations(files: Files): string[] {
  const reads = new Map(Object.entries(files).map(([file, text]) => [file, read(file, text)]))
  return [...reads].flatMap(([file, found]) =>
    complaintsOf(file, found, reads, files).map((what) => `${file} ${what}`),
  )
}
