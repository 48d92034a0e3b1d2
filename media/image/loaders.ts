import sharp from 'sharp'
import type { SourceType } from '../../domain/plans.ts'

/** The one libvips loader that an item of each type is given to, always from memory. */
const loaders: Readonly<Partial<Record<SourceType, string>>> = {
  'image/jpeg': 'VipsForeignLoadJpegBuffer',
  'image/png': 'VipsForeignLoadPngBuffer',
  'image/webp': 'VipsForeignLoadWebpBuffer',
  'image/gif': 'VipsForeignLoadNsgifBuffer',
  'image/avif': 'VipsForeignLoadHeifBuffer',
  // HEIC is decoded elsewhere; libvips is given our own TIFF of the pixels, for its profile.
  'image/heic': 'VipsForeignLoadTiffBuffer',
}

/** Blocks every loader of this process but the type's own, so that a new one in libvips stays blocked too. */
export function allowOnlyLoaderOf(type: SourceType): void {
  const loader = loaders[type]
  if (loader === undefined) throw new Error(`${type} is no picture`)
  sharp.block({ operation: ['VipsForeignLoad'] })
  sharp.unblock({ operation: [loader] })
}
