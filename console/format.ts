const units = ['B', 'KiB', 'MiB', 'GiB'] as const

/** Bytes for people: short, powers of 1024. */
export function bytesText(bytes: number): string {
  let value = bytes
  let unit = 0
  while (value >= 1023.5 && unit < units.length - 1) {
    value /= 1024
    unit += 1
  }
  return `${value >= 99.95 ? Math.round(value) : Number(value.toFixed(1))}\u00a0${units[unit]}`
}

/** Minutes and seconds, with hours where there are any; tenths of a second where there is no whole one. */
export function durationText(ms: number): string {
  if (ms > 0 && ms < 950) return `${Math.max(0.1, ms / 1000).toFixed(1)}\u00a0s`
  const seconds = Math.round(ms / 1000)
  const parts = [Math.floor(seconds / 3600), Math.floor(seconds / 60) % 60, seconds % 60]
  const shown = parts[0] === 0 ? parts.slice(1) : parts
  return shown.map((part, index) => (index === 0 ? String(part) : String(part).padStart(2, '0'))).join(':')
}

/** How long ago, roughly. */
export function agoText(then: Date, now: Date): string {
  const seconds = Math.max(0, (now.getTime() - then.getTime()) / 1000)
  if (seconds < 45) return 'just now'
  if (seconds < 3_000) return `${Math.max(1, Math.round(seconds / 60))} min ago`
  if (seconds < 80_000) return `${Math.max(1, Math.round(seconds / 3600))} h ago`
  return then.toLocaleDateString(undefined, { day: 'numeric', month: 'short', year: 'numeric' })
}

/** What to call an item whose file's name this page does not know: what it is, and when it came. */
export function nameText(kind: 'image' | 'video', then: Date, now: Date): string {
  const what = kind === 'image' ? 'Photo' : 'Video'
  if (then.toDateString() === now.toDateString())
    return `${what}, ${then.toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit' })}`
  const year = then.getFullYear() === now.getFullYear() ? {} : ({ year: 'numeric' } as const)
  return `${what}, ${then.toLocaleString(undefined, { day: 'numeric', month: 'short', hour: '2-digit', minute: '2-digit', ...year })}`
}

/** Bits a second for people. */
export function rateText(bitsPerSecond: number): string {
  return bitsPerSecond >= 999_500
    ? `${(bitsPerSecond / 1_000_000).toFixed(1)}\u00a0Mbit/s`
    : `${Math.round(bitsPerSecond / 1000)}\u00a0kbit/s`
}
