import { make } from './dom.js'

/** A colour for everybody: the same name has the same one in every window. */
export function hueOf(name) {
  let hash = 7
  for (const letter of name) hash = (hash * 31 + letter.codePointAt(0)) % 3_600
  // Steps of the golden angle: names that are alike get colours that are not.
  return (hash * 137) % 360
}

/** Initials on a colour. Decoration: the name stands beside it. */
export function avatar(name) {
  const words = name.trim().split(/\s+/)
  const initials = [words[0], words.length > 1 ? words.at(-1) : ''].map((word) => [...word][0] ?? '').join('')
  const element = make('span', { class: 'avatar', 'aria-hidden': 'true' }, initials.toUpperCase())
  element.style.setProperty('--hue', hueOf(name))
  return element
}
