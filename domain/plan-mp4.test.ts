import assert from 'node:assert/strict'
import { test } from 'node:test'
import { mp4Rung } from './plan-mp4.ts'
import { standard } from './presets/standard.ts'

const rung = (width: number, height: number, index: number) => ({ name: '', width, height, crf: 23, maxKbps: 1, index })

test('plan mp4: the largest rung that the preset allows, by its shorter side, or the least', () => {
  const rungs = [rung(1080, 1920, 0), rung(720, 1280, 1), rung(480, 854, 2)]
  assert.equal(mp4Rung({ rungs }, standard)?.index, 1)
  assert.equal(mp4Rung({ rungs: rungs.slice(2) }, standard)?.index, 2)
  assert.equal(mp4Rung({ rungs: rungs.slice(0, 1) }, standard)?.index, 0)
  const { mp4ShortSideMax: _, ...video } = standard.video
  assert.equal(mp4Rung({ rungs }, { ...standard, video }), null)
})
