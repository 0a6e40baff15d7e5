/** 160 random bits as text. `crypto.randomUUID` exists in secure contexts only, and React Native has no `crypto` at all. */
export function randomId(): string {
  const numbers = new Uint32Array(5)
  const { crypto } = globalThis as { crypto?: Partial<Crypto> }
  if (crypto?.getRandomValues) crypto.getRandomValues(numbers)
  else for (let i = 0; i < numbers.length; i++) numbers[i] = Math.random() * 2 ** 32
  return [...numbers].map((number) => number.toString(36).padStart(7, '0')).join('')
}
