// The script tag of the inspector adds to the global.
import type * as Inspect from 'holdfast/inspect'

declare global {
  /** As Vite declares it. */
  interface ImportMeta {
    readonly env: { readonly DEV: boolean }
  }
  interface HoldfastGlobal extends InspectModule {}
}
type InspectModule = typeof Inspect
