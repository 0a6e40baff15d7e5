import { BadInput } from '../wire.ts'
import { Bucket } from './bucket.ts'

/** What one connection may say, so that a script cannot flood the room; texts and pictures are messages. */
const MESSAGES = { burst: 150, perSecond: 5 }
/** Each of these is told to everybody as well, and nobody needs many. */
const NAMES = { burst: 10, perSecond: 0.5 }

/** How fast one talks. What comes too fast is refused, in words. */
export class Pace {
  readonly #messages = new Bucket(MESSAGES, performance.now())
  readonly #names = new Bucket(NAMES, performance.now())

  message(): void {
    spend(this.#messages)
  }

  name(): void {
    spend(this.#names)
  }
}

function spend(bucket: Bucket): void {
  const wait = bucket.take(performance.now())
  if (wait > 0) throw new BadInput(`Not so fast: the next one may come in ${Math.ceil(wait / 1_000)} s.`)
}
