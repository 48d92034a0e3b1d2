/**
 * Shows at the ends of a row that scrolls sideways that it goes on there: `data-more` is `start`, `end`, `both` or absent, and
 * styles fade those ends. Touch screens show no scroll bar, so that a row cut off just between two things looks whole.
 */
export function showMore(row: HTMLElement): void {
  const look = () => {
    const { left, right } = row.getBoundingClientRect()
    const [first, last] = [row.firstElementChild, row.lastElementChild].map((end) => end?.getBoundingClientRect())
    // What is left of the way may be nothing but padding; and fractions of pixels are nothing that is cut off.
    const [before, after] = [(first?.left ?? left) < left - 1, (last?.right ?? right) > right + 1]
    if (before || after) row.dataset['more'] = before && after ? 'both' : before ? 'start' : 'end'
    else delete row.dataset['more']
  }
  row.addEventListener('scroll', look, { passive: true })
  // Also when it is shown at first, or a tab is chosen: nothing has a width before.
  new ResizeObserver(look).observe(row)
}
