/*
 * Elements are made one by one: no markup is parsed, so that a payload can never become HTML, and the panel works under
 * a strict Content-Security-Policy and Trusted Types.
 */

type Child = Node | string | false | undefined

type Attributes = Record<string, string | number | boolean | undefined>

/** Makes an element. An attribute that is `undefined` or `false` is left out. */
export function make<Tag extends keyof HTMLElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[Tag] {
  return fill(document.createElement(tag), attributes, children)
}

export function makeSvg<Tag extends keyof SVGElementTagNameMap>(
  tag: Tag,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[Tag] {
  return fill(document.createElementNS('http://www.w3.org/2000/svg', tag), attributes, children)
}

function fill<Kind extends Element>(element: Kind, attributes: Attributes, children: Child[]): Kind {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) element.setAttribute(name, value === true ? '' : `${value}`)
  }
  element.append(...children.filter((child) => child !== false && child !== undefined))
  return element
}

/** Sets the text only if it is another: an unchanged text is no mutation for a screen reader or the layout. */
export function setText(node: Node, text: string): void {
  if (node.textContent !== text) node.textContent = text
}

/** Text for screen readers only. */
export function unseen(text: string): HTMLElement {
  return make('span', { class: 'unseen' }, text)
}

/** A button that opens and closes what `region` shows. */
export function toggle(button: HTMLElement, region: HTMLElement, open = region.hidden): void {
  region.hidden = !open
  button.setAttribute('aria-expanded', `${open}`)
}

/** One part of the panel. */
export interface View {
  readonly node: HTMLElement
  update(): void
}
