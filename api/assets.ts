/** One file of the console, ready to be sent. */
export interface Asset {
  readonly body: Uint8Array
  readonly type: string
  /** Strong, quoted. */
  readonly etag: string
  /** The name holds a hash of the content, so that it may be kept for ever. */
  readonly immutable: boolean
}

/** By file name; `index.html` is the page. */
export type ConsoleAssets = ReadonlyMap<string, Asset>

export interface ConsoleConfig {
  /** Base URL of the Temporal UI, without a slash at its end, or null where there is none. */
  readonly temporalUi: string | null
  /** Origins that pictures and playlists come from, besides the API's own. */
  readonly mediaOrigins: readonly string[]
}

/**
 * Content-Security-Policy of the page: scripts and styles are files of this origin only, nothing inline.
 * Pictures and media also come from the origins' hosts; `blob:` is Media Source Extensions' and the previews'.
 */
export function consolePolicy(mediaOrigins: readonly string[]): string {
  const origins = mediaOrigins.length === 0 ? '' : ` ${mediaOrigins.join(' ')}`
  return [
    "default-src 'none'",
    "script-src 'self'",
    "style-src 'self'",
    `img-src 'self' blob: data:${origins}`,
    // hls.js makes room for captions with an empty file of its own, from a data URL.
    `media-src 'self' blob: data:${origins}`,
    `connect-src 'self'${origins}`,
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
    "require-trusted-types-for 'script'",
  ].join('; ')
}
