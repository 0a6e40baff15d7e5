// Shows every entry of the API under the name by which applications import it, and not under its path in src/.
import { readFileSync } from 'node:fs'
import { Converter } from 'typedoc'

const entries = JSON.parse(readFileSync('scripts/entries.json', 'utf8'))

const nameOf = Object.fromEntries(
  Object.entries(entries).map(([name, path]) => [
    path.replace(/^src\/|(\/?index)?\.ts$/g, '') || 'index',
    name,
  ]),
)

/** @param {import('typedoc').Application} app */
export function load(app) {
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => {
    for (const entry of project.children ?? []) entry.name = nameOf[entry.name] ?? entry.name
  })
}
