import { flipEveryBit } from '../tests/sim/rot.ts'
import type { Bench } from './types.ts'

const DATA_BYTES = [0, 1, 7, 8, 61, 1_000, 4_099]

export const bench: Bench = {
  name: 'blob-rot',
  claim: 'A flipped bit shows at every byte of the superblock and of every kind of record, and no wrong byte is served',
  goal: '0 flips unseen, 0 wrong bytes',
  async run({ say }) {
    let flips = 0
    let bad = 0
    for (const dataBytes of DATA_BYTES) {
      const result = await flipEveryBit(dataBytes)
      flips += result.flips + result.reads
      bad += result.undetected.length + result.wrongBytes
      for (const place of result.undetected) say(`not seen: ${place}`)
      say(`${dataBytes} bytes of data: ${result.flips} flips, ${result.reads} reads, ${result.wrongBytes} wrong`)
    }
    return {
      name: `flips unseen or served, of ${flips}`,
      value: bad,
      unit: 'flips',
      goal: '0',
      peer: 'every bit, one at a time',
      holds: bad === 0,
    }
  },
}
