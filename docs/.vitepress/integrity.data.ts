import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const path = fileURLToPath(new URL('../../dist/integrity.json', import.meta.url))

export interface FileIntegrity {
  file: string
  integrity: string
}

declare const data: FileIntegrity[]

export { data }

/** The hashes that the build wrote for the files for script tags. */
export default {
  load(): FileIntegrity[] {
    if (!existsSync(path)) return []
    const hashes: Record<string, string> = JSON.parse(readFileSync(path, 'utf8'))
    return Object.entries(hashes).map(([file, integrity]) => ({ file, integrity }))
  },
}
