import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const recipes = readdirSync(import.meta.dirname).filter((file) => !/\.(browser|test|d)\.tsx?$/.test(file))
const page = readFileSync(join(import.meta.dirname, '../../docs/recipes.md'), 'utf8')
const text = (file: string) => readFileSync(join(import.meta.dirname, file), 'utf8')

test('there is a recipe for each framework', () => {
  expect(recipes).toEqual([
    'Chat.svelte',
    'angular.ts',
    'solid.ts',
    'tanstack-query.ts',
    'web-component.ts',
    'zustand.ts',
  ])
})

test.for(recipes)('docs/recipes.md shows %s as it is tested', (file) => {
  const language = file.split('.').at(-1)
  expect(page).toContain(`<!-- test/recipes/${file} -->\n\`\`\`${language}\n${text(file)}\`\`\`\n`)
})

test.for(recipes)('%s has at most 25 lines', (file) => {
  expect(text(file).trimEnd().split('\n').length).toBeLessThanOrEqual(25)
})
