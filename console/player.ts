import type Hls from 'hls.js'
import type { Item } from '../api/item.ts'
import { h } from './dom.ts'
import { createStoryboard } from './storyboard.ts'

export interface Player {
  readonly element: HTMLElement
  /** Tells how much of the video is encoded, as long as that is not all. */
  show(item: Item): void
  /** Ends the download and frees the decoder. */
  stop(): void
}

/** A video with its poster and a choice of quality. The player's code is loaded when the first video is opened. */
export function createPlayer(source: string, { poster, storyboard }: Pick<Item, 'poster' | 'storyboard'>, label: string): Player {
  const video = h('video', {
    controls: true,
    playsinline: true,
    preload: 'metadata',
    'aria-label': label,
    ...(poster === undefined ? {} : { poster }),
  })
  const quality = h('select', { 'aria-label': 'Quality' }, h('option', { value: '-1' }, 'Auto'))
  const playing = h('span', { class: 'dim', 'aria-live': 'off' })
  const fault = h('p', { class: 'fault', role: 'alert' })
  const bar = h('div', { class: 'player-bar', hidden: true }, h('label', { class: 'select' }, h('span', {}, 'Quality'), quality), playing)
  const encoded = h('progress', { max: '1', value: '0', 'aria-label': 'Encoded so far' })
  const growth = h('p', { class: 'growth dim', hidden: true }, encoded, h('span'))
  const element = h(
    'div',
    { class: 'player' },
    video,
    storyboard === undefined ? null : createStoryboard(storyboard, video),
    growth,
    bar,
    fault,
  )
  let hls: Hls | null = null
  let stopped = false

  async function load(): Promise<void> {
    const { default: HlsPlayer } = await import('hls.js')
    if (stopped) return
    if (!HlsPlayer.isSupported()) {
      video.src = source
      return
    }
    // Fragments are MP4 already: there is nothing to transmux, and a worker from a blob would need a wider policy.
    // A video that is still being encoded begins at its beginning too, and not at what was encoded last.
    const player = new HlsPlayer({ enableWorker: false, startPosition: 0 })
    hls = player
    player.on(HlsPlayer.Events.MANIFEST_PARSED, () => {
      const levels = player.levels.map((level, index) => ({ index, side: Math.min(level.width, level.height), bitrate: level.bitrate }))
      levels.sort((a, b) => b.side - a.side || b.bitrate - a.bitrate)
      for (const level of levels)
        quality.append(h('option', { value: String(level.index) }, `${level.side}p · ${Math.round(level.bitrate / 1000)} kbit/s`))
      bar.hidden = false
    })
    player.on(HlsPlayer.Events.LEVEL_SWITCHED, (_event, data) => {
      const level = player.levels[data.level]
      if (level) playing.textContent = `showing ${level.width} × ${level.height}`
    })
    player.on(HlsPlayer.Events.ERROR, (_event, data) => {
      if (!data.fatal) return
      if (data.type === HlsPlayer.ErrorTypes.MEDIA_ERROR) return player.recoverMediaError()
      fault.textContent = 'The video cannot be loaded. Close it and try again.'
      player.destroy()
    })
    quality.addEventListener('change', () => {
      player.nextLevel = Number(quality.value)
    })
    player.loadSource(source)
    player.attachMedia(video)
  }

  load().catch((error: unknown) => {
    console.warn('the player did not load', error)
    fault.textContent = 'The player did not load. Reload the page.'
  })

  return {
    element,
    show({ state, progress }) {
      growth.hidden = state !== 'playable'
      if (!progress) return
      encoded.value = progress.total > 0 ? progress.done / progress.total : 0
      growth.lastElementChild?.replaceChildren(`encoding · ${progress.done} of ${progress.total} ${progress.unit}`)
    },
    stop() {
      stopped = true
      hls?.destroy()
      video.pause()
      video.removeAttribute('src')
      video.load()
    },
  }
}
