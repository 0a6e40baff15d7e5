/** React's hot reload, as Vite and Next.js use it: React offers it to what poses as its developer tools. */
export type Component = () => string

interface Family {
  current: Component
}
interface Renderer {
  setRefreshHandler?: (resolve: (type: Component) => Family | undefined) => void
  scheduleRefresh?: (root: unknown, update: Record<'staleFamilies' | 'updatedFamilies', Set<Family>>) => void
}

const families = new Map<Component, Family>()
let renderer: Renderer = {}
let root: unknown

Object.assign(globalThis, {
  __REACT_DEVTOOLS_GLOBAL_HOOK__: {
    supportsFiber: true,
    renderers: new Map(),
    inject: (injected: Renderer) => {
      renderer = injected
      renderer.setRefreshHandler?.((type) => families.get(type))
      return 1
    },
    onCommitFiberRoot: (_: number, committed: unknown) => {
      root = committed
    },
    onCommitFiberUnmount: () => {},
    onPostCommitFiberRoot: () => {},
  },
})

/** Replaces a component in the tree that was rendered last. */
export function refresh(before: Component, after: Component, keepState: boolean) {
  const family = { current: after }
  families.set(before, family)
  families.set(after, family)
  const [kept, anew] = [new Set(keepState ? [family] : []), new Set(keepState ? [] : [family])]
  if (!renderer.scheduleRefresh) throw new Error('This build of React has no hot reload.')
  renderer.scheduleRefresh(root, { updatedFamilies: kept, staleFamilies: anew })
}
