import type { Scenario } from '../scenario.ts'

const supported = ['chat', 'superchat']

/** Scenario 8: selects `chat`, else `superchat`, and refuses clients that offer neither. */
export function superchat(): Scenario {
  return {
    select: (offered) => supported.find((protocol) => offered.has(protocol)) ?? false,
    refuse: ({ offered }) =>
      offered.some((protocol) => supported.includes(protocol))
        ? undefined
        : 'Offer a subprotocol: chat or superchat.',
    join: (connection) => ({ text: (text) => connection.send(text) }),
  }
}

/** A server that selects none of the offered subprotocols. */
export function noProtocol(): Scenario {
  return {
    select: () => false,
    join: (connection) => ({ text: (text) => connection.send(text) }),
  }
}
