/** What WebIDL makes of an interface and a class does not: constants, a tag, members that can be listed. */
export function describe(Interface: { prototype: EventTarget }): void {
  const { prototype } = Interface
  for (const name of Object.getOwnPropertyNames(prototype))
    Object.defineProperty(prototype, name, { enumerable: name !== 'constructor' })
  for (const holder of [Interface, prototype])
    for (const [value, name] of ['CONNECTING', 'OPEN', 'CLOSING', 'CLOSED'].entries())
      Object.defineProperty(holder, name, { value, enumerable: true })
  Object.defineProperty(prototype, Symbol.toStringTag, { value: 'WebSocket', configurable: true })
}
