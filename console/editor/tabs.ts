import { h } from '../dom.ts'

export interface Tab {
  readonly label: string
  readonly element: HTMLElement
}

/** Tabs with their panels; arrow keys go from one to the next. `onTab` hears of each that is shown, the first at once. */
export function createTabs(tabs: readonly Tab[], onTab: (index: number) => void): HTMLElement {
  const buttons = tabs.map(({ label }, index) =>
    h('button', { type: 'button', role: 'tab', id: `tab-${index}`, 'aria-controls': `panel-${index}` }, label),
  )
  const panels = tabs.map(({ element }, index) =>
    h('div', { class: 'panel-of-tab', role: 'tabpanel', id: `panel-${index}`, 'aria-labelledby': `tab-${index}` }, element),
  )
  function show(shown: number): void {
    for (const [index, button] of buttons.entries()) {
      button.setAttribute('aria-selected', String(index === shown))
      button.tabIndex = index === shown ? 0 : -1
      if (panels[index]) panels[index].hidden = index !== shown
    }
    onTab(shown)
  }
  for (const [index, button] of buttons.entries()) {
    button.addEventListener('click', () => show(index))
    button.addEventListener('keydown', ({ key }) => {
      const step = key === 'ArrowRight' ? 1 : key === 'ArrowLeft' ? -1 : 0
      const next = (index + step + tabs.length) % tabs.length
      if (step === 0) return
      show(next)
      buttons[next]?.focus()
    })
  }
  show(0)
  return h('div', { class: 'tabs' }, h('div', { role: 'tablist', 'aria-label': 'Edits' }, ...buttons), ...panels)
}
