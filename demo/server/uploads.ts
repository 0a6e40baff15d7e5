import { randomBytes } from 'node:crypto'
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { imageType } from './image-type.ts'

/** A name that this server chose. Other files in the folder are neither read nor removed. */
const ours = /^\d{13}-[0-9a-f]{16}\.(png|jpeg|gif|webp|avif|bin)$/

export interface UploadsOptions {
  folder: string
  /** How many files and how many bytes are kept; the oldest go first. */
  files: number
  bytes: number
  /** Called with what could not be cleaned up. */
  log: (line: string) => void
}

/** A folder of files that clients sent, under names that the server chooses. */
export class Uploads {
  readonly #options: UploadsOptions
  /** Clean-ups run one after the other. Two at once would count the same files. */
  #tidied: Promise<unknown> = Promise.resolve()

  constructor(options: UploadsOptions) {
    this.#options = options
  }

  async save(bytes: Uint8Array): Promise<string> {
    const { folder } = this.#options
    const extension = imageType(bytes)?.slice('image/'.length) ?? 'bin'
    const name = `${Date.now()}-${randomBytes(8).toString('hex')}.${extension}`
    await mkdir(folder, { recursive: true })
    // `wx`: never over an existing file or link.
    await writeFile(join(folder, name), bytes, { flag: 'wx' })
    // A clean-up that fails is not an error of this upload.
    this.#tidied = this.#tidied
      .then(() => this.#tidy())
      .catch((error: Error) => this.#options.log(`Uploads are not cleaned up: ${error.message}`))
    await this.#tidied
    return name
  }

  /** The bytes of a file, or nothing if the name is not one of this server's or the file was removed. */
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

/** The size in bytes; 0 if the file was removed since it was listed. */
async function size(path: string): Promise<number> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0
    throw error
  }
}
