import type { ErrorCode } from '../domain/errors.ts'
import { MediaError } from '../domain/errors.ts'

/** Lets so many through at once; the others are refused with `code`. */
export interface Gate {
  run<T>(work: () => Promise<T>): Promise<T>
}

export function createGate(max: number, code: ErrorCode): Gate {
  let inside = 0
  return {
    async run(work) {
      if (inside >= max) throw new MediaError(code, undefined, { facts: { max } })
      inside += 1
      try {
        return await work()
      } finally {
        inside -= 1
      }
    },
  }
}
