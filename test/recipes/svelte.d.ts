declare module '*.svelte' {
  import type { Component } from 'svelte'

  const component: Component<{ url: string }>
  export default component
}
