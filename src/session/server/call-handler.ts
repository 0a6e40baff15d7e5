import { report } from '../../core/report.ts'

/** Calls a handler of the application. Reports what it throws, and what its promise rejects with. */
export function callHandler(run: () => unknown): void {
  try {
    const answer = run() as PromiseLike<unknown> | undefined
    if (typeof answer?.then === 'function') Promise.resolve(answer).catch(report)
  } catch (error) {
    report(error)
  }
}
