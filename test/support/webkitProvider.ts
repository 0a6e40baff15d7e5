import { defineBrowserProvider } from '@vitest/browser'
import { launchWebkit, type WebkitPage } from './webkit.ts'

/** Runs the tests of vitest's browser mode in WebKitGTK. */
export const webkit = () =>
  defineBrowserProvider({
    name: 'webkit',
    options: {},
    providerFactory: () => {
      const pages: WebkitPage[] = []
      return {
        name: 'webkit',
        supportsParallelism: false,
        getCommandsContext: () => ({}),
        openPage: async (_session: string, url: string) => {
          const page = await launchWebkit()
          pages.push(page)
          await page.goto(url)
        },
        close: async () => {
          await Promise.all(pages.splice(0).map((page) => page.close()))
        },
      }
    },
  })
