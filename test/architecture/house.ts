import { posix } from 'node:path'
import ts from 'typescript'

/** Every file below src/ by its path there, and its text. */
export type Files = Record<string, string>

/** From the bottom up: a file imports only from below. What is not named lies under all of them. */
const floors = ['connection.ts', 'supervisor.ts', 'socket.ts', 'index.ts']

/** What files at the bottom may import, where that is less than everything at the bottom. */
const leaves: Record<string, readonly string[]> = {
  'types.ts': [],
  'wake.ts': ['types.ts'],
  'timer.ts': [],
  'binary.ts': ['types.ts'],
  'json.ts': ['types.ts', 'options.ts'],
  'emitter.ts': ['mitt', 'types.ts'],
}

const MOST_LINES = 200

interface Read {
  imports: string[]
  names: Set<string>
  wrong: string[]
}

const read = (file: string, text: string): Read => {
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest)
  const found: Read = { imports: [], names: new Set(), wrong: [] }
  const visit = (node: ts.Node): void => {
    const from =
      ts.isImportDeclaration(node) || ts.isExportDeclaration(node)
        ? node.moduleSpecifier
        : ts.isCallExpression(node) && node.expression.kind === ts.SyntaxKind.ImportKeyword
          ? node.arguments[0]
          : undefined
    if (from && ts.isStringLiteral(from)) {
      const inside = from.text.startsWith('.')
      found.imports.push(inside ? posix.join(posix.dirname(file), from.text) : from.text)
    }
    if (ts.isIdentifier(node)) found.names.add(node.text)
    if (ts.isPropertyAccessExpression(node))
      found.names.add(`${node.expression.getText(source)}.${node.name.text}`)
    if (ts.isExportDeclaration(node) && !node.exportClause) found.wrong.push('has an `export *`')
    const isDefault = ts.isExportAssignment(node) || node.kind === ts.SyntaxKind.DefaultKeyword
    if (isDefault) found.wrong.push('has a default export')
    ts.forEachChild(node, visit)
  }
  ts.forEachChild(source, visit)
  return found
}

const folder = (file: string) => (file.includes('/') ? file.slice(0, file.indexOf('/')) : '')

/** Why `file` may not import `target`, or nothing. */
function objection(file: string, target: string, files: Files): string | undefined {
  const [here, there] = [folder(file), folder(target)]
  const outside = !(target in files)
  if (outside && target !== 'mitt') return 'is not in the house'
  if (here === 'policy')
    return there === 'policy' || target === 'types.ts' ? undefined : 'is more than a policy may know'
  // The folders over the core may use all of it, and nothing of each other.
  if (here) return there === here || there === 'policy' || !there ? undefined : 'is in another folder'
  if (there && there !== 'policy') return 'is over the core'
  const allowed = leaves[file]
  if (allowed) return allowed.includes(target) ? undefined : 'is more than this leaf may know'
  if (target === 'mitt') return 'is for emitter.ts only'
  if (floors.includes(target) && floors.indexOf(target) >= floors.indexOf(file)) return 'is not below it'
  return undefined
}

/** The files from `file` back to itself, if there is such a way. */
function circle(file: string, reads: Map<string, Read>): string[] | undefined {
  const seen = new Set<string>()
  const walk = (at: string, path: string[]): string[] | undefined => {
    for (const target of reads.get(at)?.imports ?? []) {
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

/** Everything that is wrong with the house, in sentences. */
export function faults(files: Files): string[] {
  const reads = new Map(Object.entries(files).map(([file, text]) => [file, read(file, text)]))
  return [...reads].flatMap(([file, { imports, names, wrong }]) => {
    const said = [...wrong]
    for (const target of imports) {
      const why = objection(file, target, files)
      if (why) said.push(`imports ${target}, which ${why}`)
    }
    const way = circle(file, reads)
    if (way) said.push(`imports itself: ${way.join(' → ')}`)
    if (file !== 'wake.ts') {
      for (const name of ['window', 'document']) if (names.has(name)) said.push(`knows ${name}`)
    }
    if (folder(file) === 'policy') {
      for (const name of impure)
        if (names.has(name)) said.push(`uses ${name}: time and chance come in as arguments`)
    }
    const lines = files[file]?.split('\n').length ?? 0
    if (lines - 1 > MOST_LINES) said.push(`has ${lines - 1} lines: look for the second idea`)
    return said.map((what) => `${file} ${what}`)
  })
}

const impure = ['setTimeout', 'setInterval', 'queueMicrotask', 'Date', 'performance', 'Math.random', 'crypto']
