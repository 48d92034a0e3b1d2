import assert from 'node:assert/strict'
import { test } from 'node:test'
import { dashManifest, dashWithCaptions } from './dash.ts'

const track = (id: string, lengths: readonly number[]) => ({
  id,
  codecs: 'avc1.64001f',
  bandwidth: 1_000.5,
  initUri: `../7.a/${id}-init.mp4`,
  segments: lengths.map((durationSeconds, at) => ({ uri: `../7.b/${id}-${at}.m4s`, durationSeconds })),
})

test('dash: a manifest lists every segment with its exact time, and each track with what it needs', () => {
  const text = dashManifest({
    durationSeconds: 14.0140001,
    frameRate: { timescale: 30_000, ticks: 1001 },
    rungs: [{ ...track('720p', [6.006, 6.006, 2.002]), width: 1280, height: 720 }],
    audio: [{ ...track('audio', [6.016]), codecs: 'mp4a.40.2', samplingRate: 48_000 }],
  })
  assert.match(text, /type="static" mediaPresentationDuration="PT14.014S"/)
  assert.match(text, /<Representation id="720p" codecs="avc1.64001f" bandwidth="1001" width="1280" height="720" frameRate="30000\/1001"/)
  assert.match(text, /<S t="0" d="6006000" r="1"\/>\s+<S d="2002000"\/>/)
  assert.deepEqual(
    [...text.matchAll(/SegmentURL media="([^"]+)"/g)].map(([, uri]) => uri),
    ['../7.b/720p-0.m4s', '../7.b/720p-1.m4s', '../7.b/720p-2.m4s', '../7.b/audio-0.m4s'],
  )
  assert.match(text, /contentType="audio".*\n.*audioSamplingRate="48000"/)
})

test('dash: lengths that are no whole ticks add up to nothing, and a silent video has one set', () => {
  const third = Array.from({ length: 300 }, () => 1 / 3)
  const text = dashManifest({
    durationSeconds: 100,
    frameRate: { timescale: 24_000, ticks: 1000 },
    rungs: [{ ...track('a', third), width: 2, height: 2 }],
    audio: [],
  })
  const runs = [...text.matchAll(/<S(?: t="0")? d="(\d+)"(?: r="(\d+)")?/g)]
  const total = runs.reduce((sum, [, d, r]) => sum + Number(d) * (Number(r ?? 0) + 1), 0)
  assert.equal(total, 100_000_000)
  assert.equal(text.match(/<AdaptationSet/g)?.length, 1)
  assert.match(text, /frameRate="24"/)
})

test('dash: a URI that would break out of its quotes is a bug, not a manifest', () => {
  const broken = { ...track('a', [1]), initUri: 'x"y', width: 2, height: 2 }
  assert.throws(() => dashManifest({ durationSeconds: 1, frameRate: { timescale: 1, ticks: 1 }, rungs: [broken], audio: [] }), /not a URI/)
})

test('dash: each codec has a set of its own, numbered on', () => {
  const rung = (id: string, codecs: string) => ({
    id,
    codecs,
    bandwidth: 1,
    initUri: 'i',
    segments: [{ uri: 's', durationSeconds: 1 }],
    width: 2,
    height: 2,
  })
  const text = dashManifest({
    durationSeconds: 1,
    frameRate: { timescale: 30_000, ticks: 1_000 },
    rungs: [rung('a', 'avc1.64001f'), rung('b', 'avc1.640015'), rung('c', 'hvc1.1.6.L93.90')],
    audio: [{ id: 'audio', codecs: 'mp4a.40.2', bandwidth: 1, initUri: 'i', segments: [], samplingRate: 48_000 }],
    captions: [{ language: 'pt-BR', uri: 'x.vtt' }],
  })
  const found = [...text.matchAll(/<(AdaptationSet|Representation) id="([^"]+)"/g)].map(([, , id]) => id)
  assert.deepEqual(found, ['0', 'a', 'b', '1', 'c', '2', 'audio', '3', 'captions-pt-BR'])
})

test('dash: several sounds are sets of their own with their languages, and the first is the main one', () => {
  const sound = (id: string) => ({ ...track(id, [1]), codecs: 'mp4a.40.2', samplingRate: 48_000 })
  const text = dashManifest({
    durationSeconds: 1,
    frameRate: { timescale: 30_000, ticks: 1_000 },
    rungs: [{ ...track('a', [1]), width: 2, height: 2 }],
    audio: [
      { ...sound('audio'), language: 'en' },
      { ...sound('audio-1'), language: 'pt-BR' },
      { ...sound('audio-2'), aside: 'description' },
    ],
    captions: [{ language: 'en', uri: 'x.vtt' }],
  })
  const sets = [...text.matchAll(/<AdaptationSet id="(\d)"(.*?)>([\s\S]*?)<\/AdaptationSet>/g)].map(([, id, head = '', body = '']) => [
    id,
    / lang="([^"]+)"/.exec(head)?.[1],
    /<Role [^>]*value="([^"]+)"/.exec(body)?.[1],
  ])
  assert.deepEqual(sets, [
    ['0', undefined, undefined],
    ['1', 'en', 'main'],
    ['2', 'pt-BR', 'dub'],
    ['3', undefined, 'description'],
    ['4', 'en', 'subtitle'],
  ])
})

test('dash: a manifest whose captions are changed is the one that would have been made with them', () => {
  const manifest = (captions: readonly { language: string; uri: string }[]) =>
    dashManifest({
      durationSeconds: 1,
      frameRate: { timescale: 30_000, ticks: 1_000 },
      rungs: [{ ...track('a', [1]), width: 2, height: 2 }],
      audio: [{ ...track('audio', [1]), samplingRate: 48_000 }],
      captions,
    })
  const [german, portuguese] = [
    { language: 'de', uri: '../1/de.vtt' },
    { language: 'pt-BR', uri: '../2/pt.vtt' },
  ]
  for (const before of [[], [german], [german, portuguese]])
    for (const after of [[], [portuguese], [german, portuguese]]) assert.equal(dashWithCaptions(manifest(before), after), manifest(after))
})
