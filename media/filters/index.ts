import { MediaError } from '../../domain/errors.ts'
import { _1977 } from './classic/1977.ts'
import { aden } from './classic/aden.ts'
import { amaro } from './classic/amaro.ts'
import { ashby } from './classic/ashby.ts'
import { brannan } from './classic/brannan.ts'
import { brooklyn } from './classic/brooklyn.ts'
import { charmes } from './classic/charmes.ts'
import { clarendon } from './classic/clarendon.ts'
import { crema } from './classic/crema.ts'
import { dogpatch } from './classic/dogpatch.ts'
import { earlybird } from './classic/earlybird.ts'
import { gingham } from './classic/gingham.ts'
import { ginza } from './classic/ginza.ts'
import { hefe } from './classic/hefe.ts'
import { helena } from './classic/helena.ts'
import { hudson } from './classic/hudson.ts'
import { inkwell } from './classic/inkwell.ts'
import { juno } from './classic/juno.ts'
import { kelvin } from './classic/kelvin.ts'
import { lark } from './classic/lark.ts'
import { lofi } from './classic/lofi.ts'
import { ludwig } from './classic/ludwig.ts'
import { maven } from './classic/maven.ts'
import { mayfair } from './classic/mayfair.ts'
import { moon } from './classic/moon.ts'
import { nashville } from './classic/nashville.ts'
import { perpetua } from './classic/perpetua.ts'
import { reyes } from './classic/reyes.ts'
import { rise } from './classic/rise.ts'
import { sierra } from './classic/sierra.ts'
import { skyline } from './classic/skyline.ts'
import { slumber } from './classic/slumber.ts'
import { stinson } from './classic/stinson.ts'
import { sutro } from './classic/sutro.ts'
import { toaster } from './classic/toaster.ts'
import { valencia } from './classic/valencia.ts'
import { vesper } from './classic/vesper.ts'
import { walden } from './classic/walden.ts'
import { willow } from './classic/willow.ts'
import { xpro2 } from './classic/xpro2.ts'
import type { Filter } from './filter.ts'

/** Every filter; a new one is one file and two lines here. */
export const filters: readonly Filter[] = [
  _1977,
  aden,
  amaro,
  ashby,
  brannan,
  brooklyn,
  charmes,
  clarendon,
  crema,
  dogpatch,
  earlybird,
  gingham,
  ginza,
  hefe,
  helena,
  hudson,
  inkwell,
  juno,
  kelvin,
  lark,
  lofi,
  ludwig,
  maven,
  mayfair,
  moon,
  nashville,
  perpetua,
  reyes,
  rise,
  sierra,
  skyline,
  slumber,
  stinson,
  sutro,
  toaster,
  valencia,
  vesper,
  walden,
  willow,
  xpro2,
]

/** The filter of a name; FILTER_UNKNOWN. */
export function filterNamed(name: string): Filter {
  const filter = filters.find((candidate) => candidate.name === name)
  if (!filter)
    throw new MediaError(
      'FILTER_UNKNOWN',
      `There is no filter ${JSON.stringify(name)}; there are: ${filters.map((known) => known.name).join(', ')}.`,
    )
  return filter
}

export { cubesOf, frameCubesOf } from './cube.ts'
export { applyLut } from './apply-lut.ts'
export { cornerMask, type Lut, lutOf } from './lut.ts'
