const slots = { tenant: 'darkroom-key', operator: 'darkroom-operator-key' } as const
/** Whose key it is: a page takes one or the other. */
export type KeyOwner = keyof typeof slots

/** The key of this tab. One in the address's fragment is taken and removed, so that it is not shared by accident. */
export function takeKey(owner: KeyOwner): string | null {
  const given = new URLSearchParams(location.hash.slice(1)).get('key')
  if (given !== null && given !== '') {
    sessionStorage.setItem(slots[owner], given)
    history.replaceState(null, '', location.pathname + location.search)
  }
  return sessionStorage.getItem(slots[owner])
}

export function keepKey(owner: KeyOwner, key: string): void {
  sessionStorage.setItem(slots[owner], key)
}

export function forgetKey(owner: KeyOwner): void {
  sessionStorage.removeItem(slots[owner])
}
