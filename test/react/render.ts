import type { ReactNode } from 'react'
import { createRoot, type Root } from 'react-dom/client'
import { onTestFinished } from 'vitest'

/** Renders into the page, without `act`: as in an application. */
export function render(node: ReactNode) {
  const container = document.createElement('div')
  document.body.append(container)
  const root: Root = createRoot(container)
  onTestFinished(() => {
    root.unmount()
    container.remove()
  })
  root.render(node)
  return { root, container, text: () => container.textContent }
}
