declare global {
  // For `using` of TypeScript 5.2, without making older versions or libs fail.
  interface Disposable {}
}

/** Lets `using` of a value call its `restore`, where the runtime knows `Symbol.dispose`. */
export function disposable<Value extends { restore(): void }>(value: Value): Value & Disposable {
  const { dispose } = Symbol as { dispose?: symbol }
  if (dispose) Object.defineProperty(value, dispose, { value: () => value.restore(), configurable: true })
  return value as Value & Disposable
}
