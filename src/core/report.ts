/** Reports an error of the application's own code as the page's uncaught errors are reported. */
export function report(error: unknown): void {
  try {
    // Node has no `reportError`, and throwing from a timer there would end the process.
    ;(globalThis.reportError ?? console.error)(error)
  } catch {
    // The page's own error handler has failed: there is nowhere left to report to.
  }
}

/** Calls a function of the application; returns `undefined` and reports the error when it throws. */
export function callSafely<Value, Result>(run: (value: Value) => Result, value?: Value): Result | undefined {
  try {
    return run(value as Value)
  } catch (error) {
    report(error)
  }
}
