import type { SendOptions } from './events.ts'
import { type OptionRules, ofType, resolveGroup } from './validate.ts'

const rules: OptionRules<SendOptions> = { onOutcome: ofType('function') }

/** Most messages are sent without options: then there is nothing to check. */
export function readOnOutcome(options: SendOptions | undefined): SendOptions['onOutcome'] {
  return options && resolveGroup('send.', options, rules).onOutcome
}
