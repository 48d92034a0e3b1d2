/**
 * glibc's allocator, for a separate image worker: memory beyond this size is given back to the system when it is freed. Left alone
 * it raises the size to what it has seen freed, and pictures freed between small things that stay leave holes that it keeps.
 * Not for processes that start encoders, which inherit it and would have their frames cleared each time.
 */
export const imageWorkerAllocator = {
  MALLOC_ARENA_MAX: '2',
  MALLOC_MMAP_THRESHOLD_: `${1024 ** 2}`,
  MALLOC_TRIM_THRESHOLD_: `${2 * 1024 ** 2}`,
} as const
