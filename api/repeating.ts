export interface Repeating {
  start(): void
  /** Returns when a running pass has ended. */
  stop(): Promise<void>
  /** A pass that takes long ends early when this is true. */
  isStopping(): boolean
}

/** Runs `pass`, which never throws, over and over, `intervalMs` from the end of one to the start of the next. */
export function createRepeating(pass: () => Promise<unknown>, intervalMs: number): Repeating {
  let timer: NodeJS.Timeout | undefined
  let running: Promise<unknown> = Promise.resolve()
  let state: 'idle' | 'running' | 'stopping' = 'idle'

  function next(): void {
    running = pass().then(() => {
      if (state === 'running') timer = setTimeout(next, intervalMs)
    })
  }

  return {
    start() {
      if (state !== 'idle') return
      state = 'running'
      next()
    },
    async stop() {
      state = 'stopping'
      clearTimeout(timer)
      await running
      state = 'idle'
    },
    isStopping: () => state === 'stopping',
  }
}
