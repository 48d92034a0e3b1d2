import { MediaError } from '../../domain/errors.ts'
import { clarendon } from './clarendon.ts'
import type { Filter } from './filter.ts'

/** Every filter; a new one is one file and one line here. */
export const filters: readonly Filter[] = [clarendon]

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

export { cubeOf } from './cube.ts'
export type { Filter } from './filter.ts'
export { applyLut, type Lut, lutOf } from './lut.ts'
export { applyRadial } from './radial.ts'
