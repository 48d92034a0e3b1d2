import { MediaError } from '../domain/errors.ts'

export interface VerifyOptions {
  /** One answer's headers, milliseconds. */
  readonly answerMsMax?: number
  readonly concurrencyMax?: number
}

/**
 * Returns when each address answers 410 Gone, asked once each. Anything else, 404 too, is NOT_YET_REFUSED:
 * an address that merely is not there says nothing about whether its server knows of the erasure. No answer
 * at all is EDGE_UNAVAILABLE. Both may be tried again. An abort of `signal` rejects with its reason.
 */
export async function verifyRefused(urls: readonly string[], signal?: AbortSignal, options: VerifyOptions = {}): Promise<void> {
  const answerMsMax = options.answerMsMax ?? 5_000
  let next = 0
  const ask = async (): Promise<void> => {
    for (let url = urls[next++]; url !== undefined; url = urls[next++]) {
      const status = await statusOf(url, signal, answerMsMax)
      if (status !== 410) throw new MediaError('NOT_YET_REFUSED', undefined, { facts: { url, status } })
    }
  }
  await Promise.all(Array.from({ length: Math.min(options.concurrencyMax ?? 8, urls.length) }, ask))
}

async function statusOf(url: string, signal: AbortSignal | undefined, answerMsMax: number): Promise<number> {
  const timeout = AbortSignal.timeout(answerMsMax)
  try {
    const response = await fetch(url, {
      redirect: 'manual',
      signal: signal === undefined ? timeout : AbortSignal.any([signal, timeout]),
    })
    await response.body?.cancel()
    return response.status
  } catch (cause) {
    signal?.throwIfAborted()
    throw new MediaError('EDGE_UNAVAILABLE', undefined, { cause, facts: { url } })
  }
}
