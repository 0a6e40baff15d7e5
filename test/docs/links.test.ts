import { existsSync, readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { slug } from '../../docs/.vitepress/slug.ts'
import { pages, prose } from './markdown.ts'

const withoutCode = (text: string) => text.replace(/^( *)```[\s\S]*?^\1```$/gm, '')

const anchors = (text: string) =>
  [...withoutCode(text).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => slug(heading))

/** Made by a build, and not in the repository. */
const built = /^(\.\/)?(docs\/)?api\//

test.each(pages())('%s links to files and headings that exist', (page) => {
  const text = readFileSync(page, 'utf8')
  const links = [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)].map(([, link = '']) => link)
  const local = links.filter((link) => !/^[a-z]+:/.test(link) && !built.test(link))
  const dead = local.filter((link) => {
    const [path = '', anchor] = link.split('#')
    const file = path ? join(dirname(page), path) : page
    // The site consists of the pages in docs/ only.
    if (!existsSync(file) || (page.startsWith('docs/') && !file.startsWith('docs/'))) return true
    return anchor !== undefined && !anchors(readFileSync(file, 'utf8')).includes(anchor)
  })
  expect(dead).toEqual([])
})

test('what README.md links to is in the package', () => {
  const { files } = JSON.parse(readFileSync('package.json', 'utf8')) as { files: string[] }
  const links = [...readFileSync('README.md', 'utf8').matchAll(/\]\(([^)\s#]+)/g)].map(
    ([, link = '']) => link,
  )
  const isPacked = (link: string) =>
    files.some((file) => file === link || (file === 'docs/*.md' && /^docs\/[^/]+\.md$/.test(link)))
  expect(links.filter((link) => !/^[a-z]+:/.test(link) && !isPacked(link))).toEqual([])
})
