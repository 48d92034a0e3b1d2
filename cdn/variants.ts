import { MediaError } from '../domain/errors.ts'
import type { Limits } from '../domain/limits.ts'
import type { MediaRow, Rendition } from '../domain/media.ts'
import type { VariantMaker, VariantStore } from '../domain/ports.ts'
import { fittedVariant, formatFor, sizeOfRequest, type Variant, variantName } from '../domain/variant.ts'
import { grantHolds, type VariantParts } from './variant-path.ts'

export interface VariantOptions {
  readonly store: Pick<VariantStore, 'variant'>
  readonly maker: VariantMaker
  /** Sizes that may be asked for without a grant: `800`, `400x300`. */
  readonly sizes: readonly string[]
  /** Grants are signed with any of these. */
  readonly secrets: readonly string[]
}

export interface FoundVariant {
  readonly file: Rendition
  readonly version: number
  /** Whether another reader may be given another format. */
  readonly negotiated: boolean
  /** How long an edge may keep it at most. */
  readonly seconds: number
}

/** What of the files found an origin remembers: an address each, a few hundred bytes. */
const REMEMBERED_MAX = 10_000

/**
 * Finds a variant of an item that is ready, and has it made where it is not there yet: those who ask meanwhile wait
 * for the same making. A size of the ladder is the ladder's own file. VARIANT_REFUSED, VARIANTS_BUSY,
 * BLOB_NOT_FOUND for what has no variants, and what making one fails with.
 */
export function createVariants(
  { store, maker, sizes, secrets }: VariantOptions,
  limits: Pick<Limits, 'variantsUnderWayMax' | 'variantEdgeSecondsMax'>,
  nowMs: () => number = Date.now,
) {
  const allowed = new Set(sizes)
  const known = new Map<string, Rendition>()
  const underWay = new Map<string, Promise<Rendition>>()

  async function made(row: MediaRow, version: number, variant: Variant, name: string): Promise<Rendition> {
    const found = await store.variant(row.id, version, name)
    if (found) return found
    await maker.make(row, [variant])
    const file = await store.variant(row.id, version, name)
    if (!file) throw new MediaError('VARIANTS_BUSY')
    return file
  }

  async function fileOf(row: MediaRow, version: number, variant: Variant): Promise<Rendition> {
    const name = variantName(variant)
    const eager = row.manifest?.renditions.find((file) => file.name === name)
    if (eager) return eager
    const key = `${row.id}.${version}/${name}`
    const remembered = known.get(key)
    if (remembered) return remembered
    let making = underWay.get(key)
    if (!making) {
      if (underWay.size >= limits.variantsUnderWayMax) throw new MediaError('VARIANTS_BUSY')
      making = made(row, version, variant, name).finally(() => underWay.delete(key))
      underWay.set(key, making)
    }
    const file = await making
    known.set(key, file)
    const [oldest] = known.keys()
    if (known.size > REMEMBERED_MAX && oldest !== undefined) known.delete(oldest)
    return file
  }

  function secondsOf(parts: VariantParts): number {
    if (grantHolds(parts, secrets, nowMs())) {
      const left = (parts.grant?.until ?? 0) - Math.floor(nowMs() / 1_000)
      return Math.min(limits.variantEdgeSecondsMax, left)
    }
    const { request, grant } = parts
    // A grant that does not hold is refused even for a listed size: one picture has one address.
    if (grant !== null || request.filter !== undefined || !allowed.has(sizeOfRequest(request))) throw new MediaError('VARIANT_REFUSED')
    return limits.variantEdgeSecondsMax
  }

  return async function find(row: MediaRow, parts: VariantParts, accept: string | undefined): Promise<FoundVariant> {
    const seconds = secondsOf(parts)
    const { manifest } = row
    if (row.kind !== 'image' || row.state !== 'ready' || !manifest) throw new MediaError('BLOB_NOT_FOUND')
    const { format } = parts.request
    const fitted = fittedVariant({ ...parts.request, format: format === 'auto' ? formatFor(accept) : format }, manifest)
    return { file: await fileOf(row, manifest.version, fitted), version: manifest.version, negotiated: format === 'auto', seconds }
  }
}
