import type { Scenario } from '../scenario.ts'

const spoken = ['chat', 'superchat']

/** Scenario 8: speaks `chat` and `superchat`, prefers `chat`, and lets in nobody who speaks neither. */
export function superchat(): Scenario {
  return {
    select: (offered) => spoken.find((protocol) => offered.has(protocol)) ?? false,
    refuse: ({ offered }) =>
      offered.some((protocol) => spoken.includes(protocol))
        ? undefined
        : 'Offer a subprotocol: chat or superchat.',
    join: (connection) => ({ text: (text) => connection.send(text) }),
  }
}

/** A server that answers with none of the subprotocols it was offered. */
export function noProtocol(): Scenario {
  return {
    select: () => false,
    join: (connection) => ({ text: (text) => connection.send(text) }),
  }
}
