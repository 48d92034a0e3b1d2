/** The sounds that a film has besides its first: other languages, commentary, a description of what is to be seen. Pure. */
import { languageName } from './languages.ts'
import type { SoundAside, SoundTrack, VideoPlan } from './plans.ts'

/** How a player's menu calls a sound, and in which language it is. */
export interface SoundTitle {
  readonly label: string
  /** BCP 47; left out where the source does not say. */
  readonly language?: string
  readonly aside?: SoundAside
}

/** What every file of a sound begins with; 0 is the film's first. */
export function soundName(sound: number): string {
  return sound === 0 ? 'audio' : `audio-${sound}`
}

/** The plan with one of its sounds as its only one. */
export function withSound(plan: VideoPlan, sound: number): VideoPlan {
  const track = sound === 0 ? plan.audio : plan.otherSounds?.[sound - 1]
  if (!plan.audio || !track) throw new Error(`a plan without sound ${sound}`)
  return { ...plan, audio: { streamIndex: track.streamIndex, kbps: plan.audio.kbps } }
}

/** The titles of a plan's sounds, the first one first; no two are the same, as RFC 8216 (4.3.4.1) asks of a group. */
export function soundTitles(plan: Pick<VideoPlan, 'audio' | 'otherSounds'>): SoundTitle[] {
  if (!plan.audio) return []
  const titles: SoundTitle[] = []
  for (const track of [plan.audio, ...(plan.otherSounds ?? [])]) {
    const title = titleOf(track)
    const same = titles.filter(({ label }) => label.replace(/ \d+$/, '') === title.label).length
    titles.push(same === 0 ? title : { ...title, label: `${title.label} ${same + 1}` })
  }
  return titles
}

function titleOf({ language = 'und', aside }: Partial<Omit<SoundTrack, 'streamIndex'>>): SoundTitle {
  const said = languageName(language)
  const what = aside && { commentary: 'Commentary', description: 'Audio description' }[aside]
  const label = what ? `${what}${said === null ? '' : ` (${said})`}` : (said ?? 'Sound')
  return { label, ...(language === 'und' ? {} : { language }), ...(aside ? { aside } : {}) }
}
