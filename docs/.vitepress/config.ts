import { defineConfig } from 'vitepress'
import { emptyHeadersAsCells } from './headers.ts'
import { writeLlmsText } from './llms.ts'
import { existing } from './pages.ts'
import { slug } from './slug.ts'

export default defineConfig({
  title: 'Holdfast',
  description: 'A small, typed WebSocket client for browsers that survives what happens to real pages.',
  base: '/docs/',
  lang: 'en',
  cleanUrls: false,
  lastUpdated: false,
  head: [['link', { rel: 'icon', href: '/docs/favicon.svg', type: 'image/svg+xml' }]],
  markdown: {
    anchor: { slugify: slug },
    // The default light theme has too little contrast for comments.
    theme: { light: 'github-light-high-contrast', dark: 'github-dark-high-contrast' },
    config: (md) => {
      md.core.ruler.push('empty_headers', emptyHeadersAsCells)
    },
  },
  themeConfig: {
    logo: '/favicon.svg',
    sidebar: existing(),
    outline: { level: [2, 3] },
    search: { provider: 'local', options: { detailedView: true } },
    notFound: { linkLabel: 'Take me home', linkText: 'Take me home' },
    docFooter: { prev: 'Previous', next: 'Next' },
  },
  buildEnd: ({ outDir }) => writeLlmsText(outDir),
})
