/** A rung of a video's ladder as its master playlist tells of it. */
export interface Rung {
  /** File name of its playlist. */
  readonly name: string
  /** Peak bits a second. */
  readonly bandwidth: number
  /** For people; empty where it is not known. */
  readonly codec: string
}

const codecNames: readonly (readonly [RegExp, string])[] = [
  [/\bavc[13]\./, 'H.264'],
  [/\b(hvc1|hev1)\./, 'HEVC'],
  [/\bav01\./, 'AV1'],
  [/\bvp09\./, 'VP9'],
]

/** The rungs in the text of a master playlist (RFC 8216, section 4.3.4.2). */
export function rungsOf(text: string): Rung[] {
  const lines = text.split(/\r?\n/)
  return lines.flatMap((line, at) => {
    if (!line.startsWith('#EXT-X-STREAM-INF:')) return []
    const name = (lines[at + 1] ?? '').split('/').at(-1) ?? ''
    const bandwidth = Number(/[:,]BANDWIDTH=(\d+)/.exec(line)?.[1])
    if (name === '' || !Number.isFinite(bandwidth)) return []
    const codecs = /CODECS="([^"]*)"/.exec(line)?.[1] ?? ''
    return [{ name, bandwidth, codec: codecNames.find(([pattern]) => pattern.test(codecs))?.[1] ?? '' }]
  })
}

/** The rungs behind a master playlist's address; none when it cannot be read: the page does without. */
export async function readRungs(master: string): Promise<Rung[]> {
  try {
    const response = await fetch(master)
    return response.ok ? rungsOf(await response.text()) : []
  } catch {
    return []
  }
}
