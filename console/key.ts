const SLOT = 'darkroom-key'

/** The key of this tab. One in the address's fragment is taken and removed, so that it is not shared by accident. */
export function takeKey(): string | null {
  const given = new URLSearchParams(location.hash.slice(1)).get('key')
  if (given !== null && given !== '') {
    sessionStorage.setItem(SLOT, given)
    history.replaceState(null, '', location.pathname + location.search)
  }
  return sessionStorage.getItem(SLOT)
}

export function keepKey(key: string): void {
  sessionStorage.setItem(SLOT, key)
}

export function forgetKey(): void {
  sessionStorage.removeItem(SLOT)
}
