type Child = Node | string | null
type Props = Readonly<Record<string, string | boolean | ((event: Event) => void)>>

/** An element with attributes, `on…` listeners and children. Text is always text: nothing is ever parsed as HTML. */
export function h<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  props: Props = {},
  ...children: readonly Child[]
): HTMLElementTagNameMap[K] {
  const element = document.createElement(tag)
  for (const [name, value] of Object.entries(props)) {
    if (typeof value === 'function') element.addEventListener(name.slice(2), value)
    else if (typeof value === 'boolean') element.toggleAttribute(name, value)
    else element.setAttribute(name, value)
  }
  element.append(...children.filter((child) => child !== null))
  return element
}

/** The element of an id that the page is known to have. */
export function byId(id: string): HTMLElement {
  return typedById(id, HTMLElement)
}

/** The same, of a kind: `typedById('files', HTMLInputElement)`. */
export function typedById<T extends HTMLElement>(id: string, kind: new () => T): T {
  const element = document.getElementById(id)
  if (!(element instanceof kind)) throw new Error(`the page has no ${kind.name} #${id}`)
  return element
}

/** Of the buttons of a dialog or page that choose what is looked at, this one is pressed. */
export function pressAlone(button: HTMLButtonElement): void {
  for (const other of button.closest('dialog, .photo-page')?.querySelectorAll('[aria-pressed]') ?? [])
    other.setAttribute('aria-pressed', String(other === button))
}
