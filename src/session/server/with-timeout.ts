/** Resolves as `promise` does. @throws {Error} when that takes longer than `ms`; `who` names what did not answer */
export async function withTimeout<Value>(
  promise: PromiseLike<Value>,
  ms: number,
  who: string,
): Promise<Value> {
  let timer: ReturnType<typeof setTimeout> | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`holdfast: ${who} did not answer within ${ms} ms`)), ms)
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    clearTimeout(timer)
  }
}
