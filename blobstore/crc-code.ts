/**
 * The code that crc.ts runs, put together here since it is a few lines: two functions `(from, to, end)`. Each takes vectors of 16
 * bytes from the memory `data` at `from`, up to `end`, adds to each (without carry) those that lie `DISTANCES` before it in the memory `folded`
 * at `to`, and puts the sum there: `fold` behind those that it was made of, `rest` in another place.
 */

/**
 * x^300 + x^155 + x^117 + x^89 + 1 is a multiple of the polynomial of CRC-32; no shorter one has as few terms. It stays one where x^128 is
 * put for x, since that squares the sum seven times, which squares its terms. Hence a vector of 128 bits may be taken out
 * of a message where it is added to the four that lie 145, 183, 211 and 300 vectors behind it, and the checksum stays.
 */
const DISTANCES = [145, 183, 211, 300] as const
const VECTOR_BYTES = 16
/** Bytes before `to` in the memory `folded` that the functions look at: from there they count. */
export const HISTORY_BYTES = 300 * VECTOR_BYTES

/** Vectors a turn of the loop; a function's bytes are a multiple of so many. */
const UNROLLED = 4
export const STEP_BYTES = UNROLLED * VECTOR_BYTES

const op = { loop: [0x03, 0x40], branchIf: [0x0d, 0], end: 0x0b, get: 0x20, set: 0x21, constant: 0x41, isBelow: 0x49, add: 0x6a } as const
const vector = { load: [0xfd, 0x00], store: [0xfd, 0x0b], xor: [0xfd, 0x51] } as const
const type = { function: 0x60, i32: 0x7f } as const
/** That it is WebAssembly, and of which version. */
const PREFACE = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0]
const section = { types: 1, imports: 2, functions: 3, exports: 7, code: 10 } as const
const [FROM, TO, END] = [0, 1, 2]

/** The memories, in the order of their import: the first one is the quicker one, and looked at more often. */
const FOLDED = { memory: 0, pages: [1, 1, 1] }
const DATA = { memory: 1, pages: [3, 0, ...unsigned(65_536)] }

export const crcCode = new Uint8Array([
  ...PREFACE,
  ...sized(section.types, list([[type.function, ...list([[type.i32], [type.i32], [type.i32]]), 0]])),
  ...sized(section.imports, list([imported('folded', FOLDED.pages), imported('data', DATA.pages)])),
  ...sized(section.functions, list([[0], [0]])),
  ...sized(section.exports, list([exported('fold', 0), exported('rest', 1)])),
  ...sized(section.code, list([foldTo(HISTORY_BYTES), foldTo(2 * HISTORY_BYTES)])),
])

function foldTo(target: number): number[] {
  const vectors = Array.from({ length: UNROLLED }, (_, index) => oneVector(index * VECTOR_BYTES, target)).flat()
  const again = [op.get, FROM, op.get, END, op.isBelow, ...op.branchIf]
  const code = [0, ...op.loop, ...vectors, ...advance(FROM), ...advance(TO), ...again, op.end, op.end]
  return [...unsigned(code.length), ...code]
}

function oneVector(at: number, target: number): number[] {
  const before = DISTANCES.flatMap((distance) => [
    op.get,
    TO,
    ...vector.load,
    ...address(FOLDED.memory, HISTORY_BYTES - distance * VECTOR_BYTES + at),
    ...vector.xor,
  ])
  const taken = [op.get, FROM, ...vector.load, ...address(DATA.memory, at)]
  return [op.get, TO, ...taken, ...before, ...vector.store, ...address(FOLDED.memory, target + at)]
}

function advance(local: number): number[] {
  // Below 2^13, so that two bytes hold it with its sign.
  return [op.get, local, op.constant, (STEP_BYTES & 0x7f) | 0x80, STEP_BYTES >> 7, op.add, op.set, local]
}

/** Of 16 bytes at an offset in a memory, aligned in the first one only. */
function address(memory: number, offset: number): number[] {
  return memory === 0 ? [4, ...unsigned(offset)] : [0x40, memory, ...unsigned(offset)]
}

function imported(name: string, pages: readonly number[]): number[] {
  return [...text('crc'), ...text(name), 2, ...pages]
}

function exported(name: string, index: number): number[] {
  return [...text(name), 0, index]
}

function text(value: string): number[] {
  return [value.length, ...Buffer.from(value)]
}

function list(items: readonly (readonly number[])[]): number[] {
  return [...unsigned(items.length), ...items.flat()]
}

function sized(id: number, bytes: readonly number[]): number[] {
  return [id, ...unsigned(bytes.length), ...bytes]
}

function unsigned(value: number): number[] {
  return value < 128 ? [value] : [(value & 127) | 128, ...unsigned(value >>> 7)]
}
