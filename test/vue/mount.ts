import { onTestFinished } from 'vitest'
import { type Component, createApp, createSSRApp } from 'vue'

/** Mounts into the page; with the server's HTML it hydrates. */
export function mount(component: Component, html?: string) {
  const container = document.createElement('div')
  document.body.append(container)
  if (html !== undefined) container.innerHTML = html
  const app = html === undefined ? createApp(component) : createSSRApp(component)
  const problems: string[] = []
  app.config.warnHandler = (warning) => problems.push(warning)
  app.config.errorHandler = (error) => problems.push(`${error}`)
  app.mount(container)
  let mounted = true
  const unmount = () => {
    if (mounted) app.unmount()
    mounted = false
  }
  onTestFinished(() => {
    unmount()
    container.remove()
  })
  return { text: () => container.textContent, container, unmount, problems }
}
