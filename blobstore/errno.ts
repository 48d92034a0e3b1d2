/** libuv's number of an error that has none. */
export const UNKNOWN_ERRNO = -4094

/** What threads that share numbers tell of an error of the system: its number, negative. */
export function errnoOf(error: unknown): number {
  return (error as NodeJS.ErrnoException).errno ?? UNKNOWN_ERRNO
}
