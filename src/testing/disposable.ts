type Dispose = SymbolConstructor extends { readonly dispose: infer Key extends symbol } ? Key : never

/** The same as `Disposable` if the TypeScript libs in use declare it; otherwise an empty object type. */
export type Disposing = { [Key in Dispose]: () => void }

/** Lets `using` of a value call its `restore`, where the runtime knows `Symbol.dispose`. */
export function disposable<Value extends { restore(): void }>(value: Value): Value & Disposing {
  const { dispose } = Symbol as { dispose?: symbol }
  if (dispose) Object.defineProperty(value, dispose, { value: () => value.restore(), configurable: true })
  return value as Value & Disposing
}
