// Imported before any library: some keep the platform's own functions from the moment they are loaded.
const alive = new Set<unknown>()
const { setTimeout, setInterval, clearTimeout, clearInterval } = globalThis

const counting = {
  setTimeout: (run: (...given: unknown[]) => void, ms?: number, ...given: unknown[]) => {
    const id = setTimeout(() => {
      alive.delete(id)
      run(...given)
    }, ms)
    alive.add(id)
    return id
  },
  setInterval: (run: () => void, ms?: number) => {
    const id = setInterval(run, ms)
    alive.add(id)
    return id
  },
  clearTimeout: (id?: never) => {
    alive.delete(id)
    clearTimeout(id)
  },
  clearInterval: (id?: never) => {
    alive.delete(id)
    clearInterval(id)
  },
}

// Only where they are asked for: what is counted weighs more, and those who have timers would pay for it.
if (globalThis.location ? location.search === '?timers' : process.argv.includes('timers'))
  Object.assign(globalThis, counting)

/** How many timers wait to fire. */
export const timers = (): number => alive.size
