import assert from 'node:assert/strict'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { boxesIn } from './boxes.ts'
import { developAll, little, makeClip, must, studioIn } from './fixtures.ts'

/** H.264's slice of an IDR picture (ITU-T H.264, table 7-1). */
const IDR = 5

test('studio: each keyframe is one IDR picture behind its header, and no byte more', async (context) => {
  const folder = await mkdtemp(join(tmpdir(), 'keyframes-'))
  context.after(async () => await rm(folder, { recursive: true, force: true }))
  const source = makeClip(folder, 'clip.mp4', { seconds: 5, rate: '30000/1001', silent: true })
  const { chunks, plan } = await developAll(studioIn(folder), source, little)
  for (const rung of plan.rungs) {
    const segments = chunks.flatMap((rungs) => must(rungs[rung.index]).segments)
    let seconds = 0
    for (const { data, keyframes, durationSeconds } of segments) {
      let inSegment = 0
      for (const { offset, bytes, durationSeconds: long } of must(keyframes)) {
        const frame = data.subarray(offset, offset + bytes)
        const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength)
        const [moof] = boxesIn(frame, 0, view.getUint32(0))
        assert.equal(moof?.type, 'moof')
        const types: number[] = []
        // Behind mdat's header: units of length and bytes (ISO/IEC 14496-15, section 5.3.4.2).
        let at = must(moof).end + 8
        for (; at < bytes; at += 4 + view.getUint32(at)) types.push(view.getUint8(at + 4) & 0x1f)
        assert.equal(at, bytes)
        assert.ok(types.length > 0 && types.filter((type) => type !== 9).every((type) => type === IDR), `units ${types.join(' ')}`)
        inSegment += long
      }
      assert.ok(Math.abs(inSegment - durationSeconds) < 1e-9)
      seconds += inSegment
    }
    assert.ok(Math.abs(seconds - plan.durationMs / 1000) < 0.001)
  }
})
