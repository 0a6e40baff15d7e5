import { defineConfig } from 'vitepress'
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
  markdown: { anchor: { slugify: slug } },
  themeConfig: {
    nav: [
      { text: 'Getting started', link: '/getting-started' },
      { text: 'Options', link: '/options' },
      { text: 'Troubleshooting', link: '/troubleshooting' },
    ],
    sidebar: existing(),
    outline: { level: [2, 3] },
    search: { provider: 'local', options: { detailedView: true } },
    docFooter: { prev: 'Previous', next: 'Next' },
  },
  buildEnd: ({ outDir }) => writeLlmsText(outDir),
})
