import { fieldsOf, fullBox } from './heif-boxes.ts'
import { itemsOf } from './heif-items.ts'
import { textAt } from '../../domain/bytes.ts'

/** The picture of an AVIF, as what any decoder of AV1 needs to be told. */
export interface Av1Item {
  readonly data: Uint8Array
  readonly width: number
  readonly height: number
  /** Its colours have half as many columns. */
  readonly halved: boolean
  /** What the file says goes before what the codec says (ISO/IEC 23000-22, section 7.3.6.4); null where it leaves that to the codec. */
  readonly says: { readonly matrix: Matrix; readonly range: 'full' | 'limited' } | null
}

/** Properties that change no pixel, or that are looked at here. */
const plain: ReadonlySet<string> = new Set(['ispe', 'av1C', 'colr', 'pixi', 'clli', 'mdcv'])
/** Names of matrix coefficients (ITU-T H.273, table 4). */
const matrices = { 1: 'bt709', 5: 'bt601', 6: 'bt601', 9: 'bt2020' } as const
type Matrix = (typeof matrices)[keyof typeof matrices]
/** Of the third byte of `av1C` (AV1 in ISOBMFF, section 2.3.3). */
const MONOCHROME = 0x10
const HALVED = 0x08

/**
 * The primary picture of an AVIF, where it is one frame of AV1 in three planes that nothing is done to afterwards. Of anything else, as of
 * tiles, turning, transparency or layers, null: there is a decoder of the whole format for that. MEDIA_CORRUPT as {@link itemsOf}.
 */
export function plainAv1In(file: Uint8Array): Av1Item | null {
  const items = itemsOf(file)
  if (!items || items.types.get(items.primary) !== 'av01') return null
  const own = items.propertiesOf(items.primary)
  const ispe = own.find(({ name }) => name === 'ispe')
  const configuration = own.find(({ name }) => name === 'av1C')
  const coded = configuration?.body[2] ?? MONOCHROME
  if (!ispe || (coded & MONOCHROME) !== 0) return null
  if (own.some(({ name }) => !plain.has(name))) return null
  if (items.references.some(({ kind, to }) => kind === 'auxl' && to.includes(items.primary))) return null
  const data = items.dataOf(items.primary, file.length)
  if (!data) return null
  const { fields } = fullBox(ispe.body)
  const told = { halved: (coded & HALVED) !== 0, width: fields.number(4), height: fields.number(4) }
  // Half of an odd number of columns is not half of the picture to all who scale it.
  if (told.halved && (told.width % 2 === 1 || told.height % 2 === 1)) return null
  const nclx = own.find(({ name, body }) => name === 'colr' && textAt(body, 0, 4) === 'nclx')
  if (!nclx) return { data, ...told, says: null }
  const points = fieldsOf(nclx.body.subarray(8))
  const matrix = (matrices as Readonly<Record<number, Matrix>>)[points.number(2)]
  return matrix ? { data, ...told, says: { matrix, range: (points.number(1) & 0x80) === 0 ? 'limited' : 'full' } } : null
}
