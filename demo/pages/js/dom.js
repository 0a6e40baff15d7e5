export const byId = (id) => document.getElementById(id)

/** Makes an element that scrolls reachable by keyboard. Safari does not focus scrollers by itself. */
export function scrollable(element) {
  element.tabIndex = 0
}

/** Creates an element. Strings become text nodes, never markup, because they come from strangers. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : value)
  }
  element.append(...children)
  return element
}

/** `1 message`, `2 messages`. */
export const count = (number, noun) => `${number} ${noun}${number === 1 ? '' : 's'}`
