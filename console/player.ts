import type Hls from 'hls.js'
import type { Item } from '../api/item.ts'
import { h } from './dom.ts'
import { createQuality } from './quality.ts'
import type { Seen } from './seen.ts'
import { createTimeline } from './timeline.ts'

export interface Player {
  readonly element: HTMLElement
  /** Tells how much of the video is encoded. */
  show(item: Item, seen: Seen): void
  /** Ends the download and frees the decoder. */
  stop(): void
}

/** A video with its poster, its timeline and a choice of quality and captions. The player's code is loaded when the first video is opened. */
export function createPlayer(
  source: string,
  item: Pick<Item, 'poster' | 'storyboard' | 'durationMs' | 'width' | 'height'>,
  label: string,
): Player {
  const video = h('video', {
    controls: true,
    playsinline: true,
    preload: 'metadata',
    'aria-label': label,
    ...(item.poster === undefined ? {} : { poster: item.poster }),
  })
  if (item.width && item.height) video.style.setProperty('--ratio', String(item.width / item.height))
  let hls: Hls | null = null
  let stopped = false
  // At once, not with the next fragment: who chooses wants to see it, and a paused or ended video has no next one.
  const quality = createQuality((index) => {
    if (hls) hls.currentLevel = index
  })
  const captions = h('select', { 'aria-label': 'Captions' }, h('option', { value: '-1' }, 'Off'))
  const captionBar = h('div', { class: 'player-bar', hidden: true }, h('label', { class: 'select' }, h('span', {}, 'Captions'), captions))
  const sounds = h('select', { 'aria-label': 'Sound' })
  const soundBar = h('div', { class: 'player-bar', hidden: true }, h('label', { class: 'select' }, h('span', {}, 'Sound'), sounds))
  const fault = h('p', { class: 'fault', role: 'alert' })
  const timeline = createTimeline(video, item)
  const element = h('div', { class: 'player' }, video, timeline.element, quality.element, soundBar, captionBar, fault)

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
      quality.fill(player.levels.map(({ width, height, bitrate }, index) => ({ index, width, height, bitrate })))
    })
    player.on(HlsPlayer.Events.SUBTITLE_TRACKS_UPDATED, (_event, data) => {
      const tracks = data.subtitleTracks.map(({ name }, index) => h('option', { value: String(index) }, name))
      captions.replaceChildren(h('option', { value: '-1' }, 'Off'), ...tracks)
      captions.value = String(player.subtitleTrack)
      captionBar.hidden = tracks.length === 0
    })
    player.on(HlsPlayer.Events.AUDIO_TRACKS_UPDATED, (_event, data) => {
      sounds.replaceChildren(...data.audioTracks.map(({ name }, index) => h('option', { value: String(index) }, name)))
      sounds.value = String(Math.max(0, player.audioTrack))
      soundBar.hidden = data.audioTracks.length < 2
    })
    sounds.addEventListener('change', () => {
      player.audioTrack = Number(sounds.value)
    })
    player.on(HlsPlayer.Events.LEVEL_SWITCHED, (_event, data) => quality.playing(data.level))
    player.on(HlsPlayer.Events.ERROR, (_event, data) => {
      if (!data.fatal) return
      if (data.type === HlsPlayer.ErrorTypes.MEDIA_ERROR) return player.recoverMediaError()
      fault.textContent = 'The video cannot be loaded. Close it and try again.'
      player.destroy()
    })
    captions.addEventListener('change', () => {
      player.subtitleTrack = Number(captions.value)
      player.subtitleDisplay = Number(captions.value) >= 0
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
    show: timeline.show,
    stop() {
      stopped = true
      hls?.destroy()
      video.pause()
      video.removeAttribute('src')
      video.load()
    },
  }
}
