import type { EventEmitter } from 'node:events'

/**
 * kafkajs 2.2 sets timers of negative length, which Node takes as 1 ms and warns of. It is harmless, nobody who
 * runs us can do anything about it, and the library is not maintained: that one warning is passed over, others stay.
 */
export function passOverKafkaTimers(warner: EventEmitter): void {
  const printers = warner.listeners('warning')
  warner.removeAllListeners('warning')
  warner.on('warning', (warning: Error) => {
    if (warning.name === 'TimeoutNegativeWarning') return
    for (const print of printers) print.call(warner, warning)
  })
}
