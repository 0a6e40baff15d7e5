import { defineInspector } from './inspector.ts'

export * from './index.ts'

// A page with a script tag has no place to call it from.
if (typeof customElements !== 'undefined') defineInspector()
