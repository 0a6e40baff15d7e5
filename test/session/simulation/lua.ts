// The part of Lua that the scripts of the Redis store use, compiled to JavaScript: so that they run in simulated time.

/** A table. The scripts use lists only. */
export class Table {
  readonly items: unknown[]
  constructor(items: unknown[]) {
    this.items = items
  }
}

/** What scripts call. A function with several results returns an array. */
type Library = Record<string, unknown>

const number = (value: unknown): number => {
  const result = typeof value === 'string' && value.trim() ? Number(value) : value
  if (typeof result !== 'number' || Number.isNaN(result))
    throw new Error(`Lua: ${String(value)} is not a number`)
  return result
}

/** Numbers become text with 14 digits, as in Lua 5.1. */
const text = (value: unknown): string => {
  if (typeof value === 'string') return value
  if (typeof value !== 'number') throw new Error(`Lua: concatenation with ${String(value)}`)
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value)
  return String(Number(value.toPrecision(14)))
}

const compare = (one: unknown, other: unknown): number => {
  if (typeof one !== typeof other || (typeof one !== 'number' && typeof one !== 'string'))
    throw new Error(`Lua: ${String(one)} and ${String(other)} cannot be compared`)
  return one === other ? 0 : one < (other as typeof one) ? -1 : 1
}

const runtime = {
  number,
  text,
  compare,
  table: (...items: unknown[]) => new Table(items),
  /** Everything but nil and false is true. */
  truth: (value: unknown) => value !== undefined && value !== false,
  one: (value: unknown) => (Array.isArray(value) ? value[0] : value),
  many: (value: unknown) => (Array.isArray(value) ? value : [value]),
  get: (of: unknown, key: unknown) =>
    of instanceof Table ? of.items[number(key) - 1] : (of as Library)[String(key)],
  set: (of: Table, key: unknown, value: unknown) => {
    of.items[number(key) - 1] = value
  },
  length: (of: unknown) => (of instanceof Table ? of.items.length : String(of).length),
}

const pattern = (lua: string) => new RegExp(lua.replaceAll('%d', '\\d'))

const library: Library = {
  tonumber: (value: unknown) => {
    if (typeof value === 'number') return value
    const result = typeof value === 'string' && value.trim() ? Number(value) : Number.NaN
    return Number.isNaN(result) ? undefined : result
  },
  ipairs: (table: Table) => table,
  string: {
    sub: (of: unknown, from: number, to = Number.POSITIVE_INFINITY) => text(of).slice(from - 1, to),
    match: (of: unknown, lua: string) => pattern(lua).exec(text(of))?.slice(1) ?? [],
    format: (_: string, ...values: unknown[]) =>
      values.map((value) => text(Math.trunc(number(value)))).join(' '),
  },
  math: {
    floor: (value: unknown) => Math.floor(number(value)),
    max: (...all: unknown[]) => Math.max(...all.map(number)),
    min: (...all: unknown[]) => Math.min(...all.map(number)),
  },
}

const TOKEN = /\s+|--[^\n]*|([A-Za-z_]\w*)|(\d+)|'([^']*)'|(\.\.|==|~=|<=|>=|[-+*/%#<>=(){}[\],.])/y
const KEYWORDS = new Set(
  'and break do else elseif end false for function if in local nil not or return then true while'.split(' '),
)
/** Names that JavaScript reserves. */
const escaped = (name: string) => `$${name}`

interface Token {
  kind: 'name' | 'keyword' | 'number' | 'string' | 'symbol' | 'end'
  text: string
}

function tokens(lua: string): Token[] {
  const found: Token[] = []
  TOKEN.lastIndex = 0
  while (TOKEN.lastIndex < lua.length) {
    const at = TOKEN.lastIndex
    const match = TOKEN.exec(lua)
    if (!match) throw new Error(`Lua: cannot read ${lua.slice(at, at + 30)}`)
    const [, name, digits, quoted, symbol] = match
    if (name) found.push({ kind: KEYWORDS.has(name) ? 'keyword' : 'name', text: name })
    else if (digits) found.push({ kind: 'number', text: digits })
    else if (quoted !== undefined) found.push({ kind: 'string', text: quoted })
    else if (symbol) found.push({ kind: 'symbol', text: symbol })
  }
  found.push({ kind: 'end', text: '' })
  return found
}

/** Operators that take two operands, from the weakest to the strongest. */
const LEVELS = [['or'], ['and'], ['<', '>', '<=', '>=', '~=', '=='], ['..'], ['+', '-'], ['*', '/', '%']]

class Parser {
  readonly #tokens: Token[]
  #at = 0

  constructor(lua: string) {
    this.#tokens = tokens(lua)
  }

  block(...ends: string[]): string {
    const lines: string[] = []
    while (!ends.includes(this.#next.text) || this.#next.kind === 'string') lines.push(this.#statement())
    return lines.join('\n')
  }

  get #next(): Token {
    return this.#tokens[this.#at] as Token
  }

  #is(word: string): boolean {
    return this.#next.kind !== 'string' && this.#next.text === word
  }

  #accept(word: string): boolean {
    if (!this.#is(word)) return false
    this.#at++
    return true
  }

  #take(word?: string): string {
    if (word !== undefined && !this.#is(word))
      throw new Error(`Lua: ${word} expected, not ${this.#next.text}`)
    const { text: taken } = this.#next
    this.#at++
    return taken
  }

  #list<Item>(read: () => Item): Item[] {
    const items = [read()]
    while (this.#accept(',')) items.push(read())
    return items
  }

  #statement(): string {
    if (this.#accept('local')) return this.#local()
    if (this.#accept('return')) {
      const isEmpty = ['end', 'else', 'elseif', ''].includes(this.#next.text) && this.#next.kind !== 'string'
      return `return ${isEmpty ? '' : this.#expression()}`
    }
    if (this.#accept('break')) return 'break'
    if (this.#accept('if')) return this.#if()
    if (this.#accept('while')) {
      const condition = this.#expression()
      this.#take('do')
      return `while (L.truth(${condition})) {\n${this.#until('end')}}`
    }
    if (this.#accept('for')) return this.#for()
    return this.#assignment()
  }

  #until(...ends: string[]): string {
    const body = this.block(...ends)
    this.#take()
    return `${body}\n`
  }

  #local(): string {
    if (this.#accept('function')) {
      const name = escaped(this.#take())
      return `const ${name} = ${this.#function()}`
    }
    const names = this.#list(() => escaped(this.#take()))
    if (!this.#accept('=')) return `let ${names.join(', ')}`
    return `let [${names.join(', ')}] = ${this.#values(names.length)}`
  }

  /** A JavaScript array of the values. A single call may return several. */
  #values(wanted: number): string {
    const values = this.#list(() => this.#expression(wanted > 1))
    return values.length === 1 && wanted > 1
      ? `L.many(${values[0]})`
      : `[${values.map((value) => `L.one(${value})`).join(', ')}]`
  }

  #function(): string {
    this.#take('(')
    const names = this.#is(')') ? [] : this.#list(() => escaped(this.#take()))
    this.#take(')')
    return `(${names.join(', ')}) => {\n${this.#until('end')}}`
  }

  #if(): string {
    const condition = this.#expression()
    this.#take('then')
    const body = this.block('end', 'else', 'elseif')
    const start = `if (L.truth(${condition})) {\n${body}\n}`
    if (this.#accept('elseif')) return `${start} else ${this.#if()}`
    if (this.#accept('else')) return `${start} else {\n${this.#until('end')}}`
    this.#take('end')
    return start
  }

  #for(): string {
    const names = this.#list(() => escaped(this.#take()))
    if (this.#accept('in')) {
      const table = this.#expression()
      this.#take('do')
      return `for (const ${names[1]} of ${table}.items) {\nif (${names[1]} === undefined) break\n${this.#until('end')}}`
    }
    this.#take('=')
    const [from, to, step = '1'] = this.#list(() => this.#expression())
    this.#take('do')
    const [name] = names
    return `for (let ${name} = L.number(${from}), end = L.number(${to}); ${name} <= end; ${name} += ${step}) {\n${this.#until('end')}}`
  }

  #assignment(): string {
    const targets = this.#list(() => this.#primary(true))
    if (!this.#accept('=')) return String(targets[0])
    const values = this.#values(targets.length)
    const sets = targets.map((target, at) => {
      const index = /^L\.get\(([\s\S]*), ([^,]*)\)$/.exec(target)
      return index ? `L.set(${index[1]}, ${index[2]}, v[${at}])` : `${target} = v[${at}]`
    })
    return `{ const v = ${values}\n${sets.join('\n')} }`
  }

  #expression(many = false, level = 0): string {
    const operators = LEVELS[level]
    if (!operators) return this.#unary(many)
    let left = this.#expression(many, level + 1)
    while (this.#next.kind !== 'string' && operators.includes(this.#next.text)) {
      const operator = this.#take()
      // `..` is right-associative, which makes no difference to its result.
      left = operation(operator, left, this.#expression(false, level + 1))
    }
    return left
  }

  #unary(many: boolean): string {
    if (this.#accept('not')) return `!L.truth(${this.#unary(false)})`
    if (this.#accept('#')) return `L.length(${this.#unary(false)})`
    if (this.#accept('-')) return `-L.number(${this.#unary(false)})`
    return this.#primary(many)
  }

  #primary(many = false): string {
    const { kind, text: word } = this.#next
    this.#at++
    if (kind === 'string') return JSON.stringify(word)
    if (kind === 'number') return word
    if (word === 'nil') return 'undefined'
    if (word === 'true' || word === 'false') return word
    if (word === '{') {
      const items = this.#is('}') ? [] : this.#list(() => this.#expression())
      this.#take('}')
      return `L.table(${items.join(', ')})`
    }
    let result = escaped(word)
    if (word === '(') {
      result = `(${this.#expression()})`
      this.#take(')')
    }
    for (;;) {
      if (this.#accept('.')) result = `${result}.${this.#take()}`
      else if (this.#accept('[')) {
        result = `L.get(${result}, ${this.#expression()})`
        this.#take(']')
      } else if (this.#accept('(')) {
        const values = this.#is(')') ? [] : this.#list(() => this.#expression())
        this.#take(')')
        result = `${result}(${values.join(', ')})`
        if (!many || this.#is('[') || this.#is('.')) result = `L.one(${result})`
      } else return result
    }
  }
}

function operation(operator: string, one: string, other: string): string {
  switch (operator) {
    case 'or':
      return `((l) => L.truth(l) ? l : ${other})(${one})`
    case 'and':
      return `((l) => L.truth(l) ? ${other} : l)(${one})`
    case '==':
      return `(${one} === ${other})`
    case '~=':
      return `(${one} !== ${other})`
    case '..':
      return `(L.text(${one}) + L.text(${other}))`
    case '<':
    case '>':
    case '<=':
    case '>=':
      return `(L.compare(${one}, ${other}) ${operator} 0)`
    default:
      return `(L.number(${one}) ${operator} L.number(${other}))`
  }
}

export type Script = (keys: Table, args: Table, call: (...words: unknown[]) => unknown) => unknown

/** Compiles one script. */
export function compile(lua: string): Script {
  const body = new Parser(lua).block('')
  const names = Object.keys(library).map(escaped)
  const make = new Function('L', ...names, `return ($KEYS, $ARGV, $redis) => {\n${body}\n}`)
  const run = make(runtime, ...Object.values(library))
  return (keys, args, call) => run(keys, args, { call })
}
