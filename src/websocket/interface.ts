const constants = Object.getOwnPropertyDescriptors(
  Object.freeze({ CONNECTING: 0, OPEN: 1, CLOSING: 2, CLOSED: 3 }),
)

/** What WebIDL makes of an interface and a class does not: constants, its name, members that can be listed. */
export function describe(Interface: { prototype: EventTarget }): void {
  const { prototype } = Interface
  const members: PropertyDescriptorMap = Object.getOwnPropertyDescriptors(prototype)
  for (const name in members) (members[name] as PropertyDescriptor).enumerable = name !== 'constructor'
  const name = { value: 'WebSocket', configurable: true }
  Object.defineProperties(Interface, { ...constants, name })
  Object.defineProperties(prototype, { ...members, ...constants, [Symbol.toStringTag]: name })
}
