import { imageType } from '../image-type.ts'
import { BadInput, readObject } from '../input.ts'

/** The longest line of JSON that may stand in front of a picture, in bytes. */
const LINE = 2_048

/** A picture. The first line of its frame is JSON with its id and name; the rest are its bytes. */
export interface Picture {
  header: object
  /** Nothing if the bytes are no picture. */
  mime: string | undefined
  bytes: Buffer
}

/**
 * Reads a picture. It is one frame and not an announcement and a frame, so nothing can come in between: not another
 * sender, not a full queue, not the end of a connection.
 */
export function readPicture(frame: Buffer): Picture {
  const end = frame.subarray(0, LINE).indexOf('\n')
  if (end < 0) throw new BadInput('A binary message is one line of JSON and then the bytes of a picture.')
  const bytes = frame.subarray(end + 1)
  return { header: readObject(frame.toString('utf8', 0, end)), mime: imageType(bytes), bytes }
}

export function writePicture(header: object, bytes: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), bytes])
}
