import { type Cancel, longTimeout } from '../../core/long-timeout.ts'

/** Resolves as `promise` does. @throws {Error} when that takes longer than `ms`; `who` names what did not answer */
export async function withTimeout<Value>(
  promise: PromiseLike<Value>,
  ms: number,
  who: string,
): Promise<Value> {
  let cancel: Cancel | undefined
  const late = new Promise<never>((_, reject) => {
    cancel = longTimeout(ms, () => reject(new Error(`holdfast: ${who} did not answer within ${ms} ms`)))
  })
  try {
    return await Promise.race([promise, late])
  } finally {
    cancel?.()
  }
}
