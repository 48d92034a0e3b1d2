import type { Item } from '../api/item.ts'
import { type Choice, type Client, type Config, Refusal } from './client.ts'
import { bytesText } from './format.ts'

/** More at once only share the same line, and a browser has six connections per host. */
const AT_ONCE_MAX = 2

export interface UploadListener {
  onFraction(fraction: number): void
  onItem(item: Item): void
  onRefusal(refusal: Refusal): void
}

/** Sends files in order, a few at once. What can be seen to be refused is not sent. */
export function createUploads(
  client: Client,
  config: Pick<Config, 'limits' | 'errors'>,
): (file: File, choice: Choice, listener: UploadListener) => void {
  const waiting: (() => Promise<void>)[] = []
  let running = 0

  function next(): void {
    while (running < AT_ONCE_MAX) {
      const work = waiting.shift()
      if (!work) return
      running += 1
      void work().finally(() => {
        running -= 1
        next()
      })
    }
  }

  return (file, choice, listener) => {
    const refusal = refusalOf(file, config)
    if (refusal) return listener.onRefusal(refusal)
    waiting.push(async () => {
      try {
        listener.onItem(await client.upload(file, choice, listener.onFraction))
      } catch (error) {
        listener.onRefusal(
          error instanceof Refusal
            ? error
            : new Refusal('INTERNAL', config.errors['INTERNAL']?.title ?? 'Something went wrong.', config.errors['INTERNAL']?.advice ?? ''),
        )
      }
    })
    next()
  }
}

function refusalOf(file: File, { limits, errors }: Pick<Config, 'limits' | 'errors'>): Refusal | null {
  const refusal = (code: string, advice: string) => new Refusal(code, errors[code]?.title ?? code, advice)
  if (file.size === 0) return refusal('UPLOAD_EMPTY', 'Choose another file.')
  const bytesMax = file.type.startsWith('image/') ? limits.uploadImageBytesMax : limits.uploadBytesMax
  if (file.size <= bytesMax) return null
  return refusal('UPLOAD_TOO_LARGE', `It has ${bytesText(file.size)}; the limit is ${bytesText(bytesMax)}.`)
}
