import { existsSync, readFileSync } from 'node:fs'

/** The public entries, by the name under which they are imported. */
const entries = JSON.parse(readFileSync('scripts/entries.json', 'utf8'))

/** @type {import('typedoc').TypeDocOptions & import('typedoc-plugin-markdown').PluginOptions} */
export default {
  plugin: ['typedoc-plugin-markdown', './scripts/typedoc-entries.js'],
  entryPoints: Object.values(entries).filter((path) => existsSync(path)),
  tsconfig: 'src/tsconfig.json',
  out: 'docs/api',
  readme: 'none',
  name: 'API',
  entryFileName: 'index',
  hidePageHeader: true,
  hideBreadcrumbs: false,
  useCodeBlocks: true,
  parametersFormat: 'table',
  interfacePropertiesFormat: 'list',
  excludePrivate: true,
  excludeInternal: true,
  disableSources: true,
  sort: ['source-order'],
  validation: { notExported: false },
  // `npm run types` does that.
  skipErrorChecking: true,
}
