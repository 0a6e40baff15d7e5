import { compile } from 'svelte/compiler'
import type { Plugin } from 'vitest/config'

/** Compiles components for the page. */
export const svelte = (): Plugin => ({
  name: 'svelte',
  transform: (code, id) =>
    id.endsWith('.svelte')
      ? compile(code, { filename: id, generate: 'client', css: 'injected' }).js
      : undefined,
})
