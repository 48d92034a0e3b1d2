import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { limits } from './limits.ts'
import { cuesWithin, formatWebVtt, parseWebVtt, segmentWebVtt } from './webvtt.ts'

const parse = (text: string) => parseWebVtt(text, limits)

test('webvtt: cues are read with hours or without, in order, with the settings that are known', () => {
  const text =
    '\uFEFFWEBVTT - a title\r\n\r\nNOTE of mine\r\n00:01.000 --> 00:02.000 is no cue\r\n\r\n7\r\n01:00:02.000 --> 01:00:03.500 align:start evil:1 line:90%\r\ntwo\r\nlines\r\n\r\n00:01.000 --> 00:02.000\r\none'
  assert.deepEqual(parse(text), [
    { startMs: 1_000, endMs: 2_000, settings: '', text: 'one' },
    { startMs: 3_602_000, endMs: 3_603_500, settings: 'align:start line:90%', text: 'two\nlines' },
  ])
})

test('webvtt: nothing of a cue is markup but b, i and u', () => {
  const cue = (text: string) => parse(`WEBVTT\n\n00:00.000 --> 00:01.000\n${text}\n`)[0]?.text
  assert.equal(cue('<b.loud>a</b> <v Bob>hi</v> <c.red>x</c><00:00.500>y'), '<b>a</b> hi xy')
  assert.equal(cue('<img src=x onerror=alert(1)>ok'), 'ok')
  assert.equal(cue('<scr<b>ipt>alert(1)</script>'), 'alert(1)')
  assert.equal(cue('1 < 2 &amp; 3'), '1 &lt; 2 &amp; 3')
  assert.equal(cue('a\u0001b\u0002\u0007'), 'ab')
  assert.equal(cue('<i>only'), '<i>only')
})

test('webvtt: what is no caption is refused, and cues that show nothing are left out', () => {
  const invalid = { code: 'CAPTIONS_INVALID' }
  for (const wrong of ['', '<html>', 'WEBVTTX\n', 'WEBVTT\n\n1 --> 2\nx', 'WEBVTT\n\n00:00.000 --> 00:01.000\na --> b'])
    assert.throws(() => parse(wrong), invalid, wrong)
  assert.throws(() => parse(`WEBVTT\n\n00:00.000 --> 00:01.000\n${'x'.repeat(limits.captionCueCharactersMax + 1)}`), invalid)
  const many = Array.from({ length: 3 }, () => '00:00.000 --> 00:01.000\nx\n').join('\n')
  assert.throws(() => parseWebVtt(`WEBVTT\n\n${many}`, { ...limits, captionCuesMax: 2 }), invalid)
  assert.deepEqual(
    parse('WEBVTT\n\nSTYLE\n::cue { background: url(//evil) }\n\n00:02.000 --> 00:01.000\nback\n\n00:00.000 --> 00:01.000\n<x>\n'),
    [],
  )
})

test('webvtt: whatever comes in, what goes out is read again as the same, and holds no tag but three', () => {
  const piece = fc.constantFrom(
    'WEBVTT',
    '\n',
    '\n\n',
    '00:00.000 --> 00:01.000',
    'NOTE',
    '<',
    '>',
    '<b>',
    '</i>',
    '-->',
    'a',
    '&',
    '\0',
    '\r',
    ' ',
    '<script>',
    'STYLE',
    ':',
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const text = `WEBVTT\n\n${pieces.join('')}`
      let cues
      try {
        cues = parse(text)
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'CAPTIONS_INVALID')
        return
      }
      assert.deepEqual(parse(formatWebVtt(cues)), cues)
      for (const cue of cues) assert.doesNotMatch(cue.text.replace(/<\/?[biu]>/g, ''), /[<>]/)
    }),
  )
})

test('webvtt: cues follow the film where it was trimmed, and each segment has all that is shown in it', () => {
  const cues = parse('WEBVTT\n\n00:01.000 --> 00:04.000\na\n\n00:05.000 --> 00:13.000\nb\n')
  assert.deepEqual(
    cuesWithin(cues, -3_000, 8_000).map(({ startMs, endMs, text }) => [startMs, endMs, text]),
    [
      [0, 1_000, 'a'],
      [2_000, 8_000, 'b'],
    ],
  )
  const segments = segmentWebVtt(cues, 14_500, 6)
  assert.deepEqual(
    segments.map(({ durationSeconds }) => durationSeconds),
    [6, 6, 2.5],
  )
  assert.deepEqual(
    segments.map(({ text }) => [
      text.includes('\na\n'),
      text.includes('\nb\n'),
      text.startsWith('WEBVTT\nX-TIMESTAMP-MAP=MPEGTS:0,LOCAL:00:00:00.000\n'),
    ]),
    [
      [true, true, true],
      [false, true, true],
      [false, true, true],
    ],
  )
})
