import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { imageType } from './image-type.ts'

/** A name that we chose. Nothing else in the folder is ours to read or to remove. */
const ours = /^\d{13}-[0-9a-f]{16}\.(png|jpeg|gif|webp|avif|bin)$/

export interface UploadsOptions {
  folder: string
  /** How many files and how many bytes are kept; the oldest go first. */
  files: number
  bytes: number
  /** Is told what could not be cleaned up. */
  log: (line: string) => void
}

/** A folder of files that clients sent. They choose the bytes, we choose the names. */
export class Uploads {
  readonly #options: UploadsOptions
  /** One clean-up after the other: two at once would count the same files. */
  #tidied: Promise<unknown> = Promise.resolve()

  constructor(options: UploadsOptions) {
    this.#options = options
  }

  async save(bytes: Uint8Array): Promise<string> {
    const { folder } = this.#options
    const extension = imageType(bytes)?.slice('image/'.length) ?? 'bin'
    const name = `${Date.now()}-${randomBytes(8).toString('hex')}.${extension}`
    await mkdir(folder, { recursive: true })
    // `wx`: never over something that is there, were it a link put there by somebody else.
    await writeFile(join(folder, name), bytes, { flag: 'wx' })
    // What is in the way of the clean-up is no fault of this file, and none of the next one.
    this.#tidied = this.#tidied
      .then(() => this.#tidy())
      .catch((error: Error) => this.#options.log(`Uploads are not cleaned up: ${error.message}`))
    await this.#tidied
    return name
  }

  /** The bytes of a file, or nothing if the name is not one of ours or the file has been removed since. */
  async read(name: string): Promise<Buffer | undefined> {
    if (!ours.test(name)) return undefined
    return readFile(join(this.#options.folder, name)).catch(() => undefined)
  }

  async #tidy(): Promise<void> {
    const { folder, files, bytes } = this.#options
    const newestFirst = (await readdir(folder))
      .filter((name) => ours.test(name))
      .sort()
      .reverse()
    let total = 0
    for (const [index, name] of newestFirst.entries()) {
      total += await size(join(folder, name))
      if (index >= files || (index > 0 && total > bytes)) await rm(join(folder, name), { force: true })
    }
  }
}

/** In bytes; none where somebody else has removed it since it was listed. */
async function size(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}
