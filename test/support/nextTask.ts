/** Ends the task: what was put off until then has happened. */
export const nextTask = () => new Promise<void>((resolve) => setTimeout(resolve))
