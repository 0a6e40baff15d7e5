export const byId = (id) => document.getElementById(id)

/** Lets the keyboard scroll it: Safari gives the focus to nothing that only scrolls. */
export function scrollable(element) {
  element.tabIndex = 0
}

/** Makes an element. Strings become text nodes, never markup: they come from strangers. */
export function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : value)
  }
  element.append(...children)
  return element
}
