/** What has not come after this long never will: better a word than a bench that hangs. In ms. */
const PATIENCE = 60_000

/** The answer, or an error that says whose it was to be. */
export async function within<Answer>(answer: Promise<Answer>, whose: string, ms = PATIENCE): Promise<Answer> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`Nothing within ${ms / 1_000} s: ${whose}`)), ms)
  })
  try {
    return await Promise.race([answer, late])
  } finally {
    clearTimeout(timer)
  }
}
