import assert from 'node:assert/strict'
import { test } from 'node:test'
import { privateFacts } from './private-facts.ts'
import { endInDescription, endOfPackets, readProbe } from './read-probe.ts'

const video = {
  index: 0,
  codec_type: 'video',
  codec_name: 'h264',
  width: 1920,
  height: 1080,
  pix_fmt: 'yuv420p',
  sample_aspect_ratio: '1:1',
  r_frame_rate: '30/1',
  avg_frame_rate: '30/1',
  start_time: '0.000000',
  duration: '4.000000',
  disposition: { default: 1 },
}
const sound = { index: 1, codec_type: 'audio', codec_name: 'aac', channels: 2, duration: '4.0', disposition: { default: 1 } }
const read = (...streams: object[]) =>
  readProbe(JSON.stringify({ streams, format: { duration: '4.1' } }), {
    videoStreamsMax: 4,
    videoBitsPerSecondMax: 1e9,
    captionTracksMax: 2,
    soundTracksMax: 3,
  }).probe

test('read-probe: sizes are those displayed: after sample aspect ratio and display matrix', () => {
  const sizeOf = (more: object) => {
    const { width, height } = read({ ...video, ...more })
    return [width, height]
  }
  assert.deepEqual(sizeOf({}), [1920, 1080])
  assert.deepEqual(sizeOf({ side_data_list: [{ side_data_type: 'Display Matrix', rotation: -90 }] }), [1080, 1920])
  assert.deepEqual(sizeOf({ side_data_list: [{ rotation: 180 }] }), [1920, 1080])
  assert.deepEqual(sizeOf({ side_data_list: [{ rotation: -9223372036854775808 }] }), [1920, 1080])
  assert.deepEqual(sizeOf({ width: 720, height: 576, sample_aspect_ratio: '16:11', side_data_list: [{ rotation: 90 }] }), [576, 1047])
  assert.deepEqual(sizeOf({ sample_aspect_ratio: '0:1' }), [1920, 1080])
})

test('read-probe: a frame rate shows every frame, and clock rates are not taken for one', () => {
  const fpsOf = (base: string, average: string) => read({ ...video, r_frame_rate: base, avg_frame_rate: average }).fps
  assert.equal(fpsOf('30000/1001', '30000/1001'), 30_000 / 1001)
  assert.equal(fpsOf('30/1', '13324/1000'), 30, 'a burst of thirty in a slow average')
  assert.equal(fpsOf('57600/1', '722/100'), 30, 'ticks, not frames')
  assert.equal(fpsOf('120/1', '120/1'), 120)
  assert.equal(fpsOf('120/1', '29.9/1'), 30)
  assert.equal(fpsOf('5/1', '5/1'), 5)
  assert.equal(fpsOf('90000/1', '0/0'), 30)
})

test('read-probe: of several pictures the largest film is chosen, not its smaller copy, and not stills beside it', () => {
  const small = { ...video, width: 320, height: 180, nb_frames: '325' }
  const large = { ...video, index: 3, width: 480, height: 270, nb_frames: '390' }
  assert.equal(read(small, large).videoStreamIndex, 3)
  assert.equal(read(small, { ...large, disposition: { default: 0 } }).videoStreamIndex, 0, 'the one that is said to be it')
  assert.equal(read(small, { ...large, nb_frames: '2' }).videoStreamIndex, 0)
  assert.equal(read(small, { ...large, codec_name: 'vvc' }).videoStreamIndex, 0)
})

test('read-probe: the default track with frames is chosen, sound only where it can be decoded', () => {
  const empty = { ...video, index: 0, nb_frames: '0' }
  const second = { ...video, index: 3, disposition: { default: 0 } }
  assert.equal(read(empty, second).videoStreamIndex, 3)
  assert.equal(read({ ...second, index: 0 }, { ...video, index: 1 }).videoStreamIndex, 1)
  const cover = { ...video, index: 0, codec_name: 'mjpeg', disposition: { attached_pic: 1 } }
  assert.equal(read(cover, { ...video, index: 1 }).videoStreamIndex, 1)
  assert.equal(read(video).audio, null)
  assert.equal(read(video, { ...sound, codec_name: 'ac4' }).audio, null)
  assert.deepEqual(read(video, { ...sound, disposition: { default: 0 } }, { ...sound, index: 2 }).audio, {
    streamIndex: 2,
    codec: 'aac',
    channels: 2,
  })
})

test('read-probe: what cannot be shown is refused with a code', () => {
  const codeOf = (code: string, ...streams: object[]) => assert.throws(() => read(...streams), { code })
  codeOf('MEDIA_NO_VIDEO', sound)
  codeOf('MEDIA_NO_VIDEO')
  codeOf('MEDIA_TYPE_UNSUPPORTED', { ...video, codec_name: 'cinepak' })
  codeOf('MEDIA_CORRUPT', { ...video, width: 0 })
  codeOf('MEDIA_TOO_COSTLY', video, sound, sound, sound, sound)
})

test('read-probe: colours are named when they are not BT.709, interlacing when there is any', () => {
  assert.deepEqual([read(video).colour, read(video).interlaced], [undefined, undefined])
  assert.equal(read({ ...video, color_transfer: 'smpte2084' }).colour, 'pq')
  assert.equal(read({ ...video, color_transfer: 'arib-std-b67', color_space: 'bt2020nc' }).colour, 'hlg')
  assert.equal(read({ ...video, color_space: 'smpte170m' }).colour, 'bt601')
  assert.equal(read({ ...video, color_range: 'pc' }).colour, 'full')
  assert.equal(read({ ...video, width: 640, height: 480 }).colour, 'bt601')
  assert.equal(read({ ...video, field_order: 'tt' }).interlaced, true)
})

test('read-probe: the end of packets is the latest, wherever it stands in decoding order', () => {
  assert.equal(endOfPackets('1.0,0.5\n3.0,0.5\n2.0,0.5\n'), 3.5)
  assert.equal(endOfPackets('N/A,N/A\n1.25,N/A\n'), 1.25)
  assert.equal(endOfPackets(''), null)
})

test("read-probe: a description's last packets tell the end of a stream, unless there are too many of them", () => {
  const packet = (stream_index: number, pts_time: string) => ({ stream_index, pts_time, duration_time: '0.5' })
  const json = JSON.stringify({ packets: [packet(0, '3.0'), packet(1, '9.0'), packet(0, '2.5'), { stream_index: 0 }] })
  assert.equal(endInDescription(json, 0, 5), 3.5)
  assert.equal(endInDescription(json, 2, 5), null)
  assert.equal(endInDescription(json, 0, 4), null, 'more may follow')
  assert.equal(endInDescription('{}', 0, 4), null)
})

test("private-facts: a phone's tags become time, camera and place; nonsense becomes nothing", () => {
  assert.deepEqual(
    privateFacts({
      creation_time: '2023-05-09T11:41:46.000000Z',
      'com.apple.quicktime.creationdate': '2023-05-09T12:41:46+0100',
      'com.apple.quicktime.make': 'Apple',
      'com.apple.quicktime.model': 'iPhone 14 Pro',
      'com.apple.quicktime.location.ISO6709': '+51.5334-000.1255+043.289/',
      'com.apple.quicktime.software': '16.4.1',
    }),
    { takenAt: '2023-05-09T11:41:46.000Z', camera: 'Apple iPhone 14 Pro', latitude: 51.5334, longitude: -0.1255, software: '16.4.1' },
  )
  assert.deepEqual(privateFacts({ creation_time: '1904-01-01T00:00:00Z', location: '+95.0-200.0/' }, { date: 'yesterday' }), {})
  assert.deepEqual(privateFacts({}, { location: '-33.8688+151.2093/' }), { latitude: -33.8688, longitude: 151.2093 })
})

test('read-probe: of the text tracks there is one for each language, in the form that players know', () => {
  const text = (index: number, codec_name: string, language?: string, forced = 0) => ({
    index,
    codec_type: 'subtitle',
    codec_name,
    disposition: { forced },
    ...(language === undefined ? {} : { tags: { language } }),
  })
  assert.deepEqual(read(video, text(2, 'mov_text', 'eng', 1), text(3, 'subrip', 'eng'), text(4, 'hdmv_pgs_subtitle', 'ger')).captions, [
    { streamIndex: 3, language: 'en' },
  ])
  assert.deepEqual(read(video, text(2, 'ass', 'ger'), text(3, 'webvtt'), text(4, 'subrip', 'pt-br')).captions, [
    { streamIndex: 2, language: 'de' },
    { streamIndex: 3, language: 'und' },
  ])
  assert.deepEqual(read(video, text(2, 'subrip', '"><script>')).captions, [{ streamIndex: 2, language: 'und' }])
  assert.equal(read(video).captions, undefined)
})

test('read-probe: of several sounds it is the default one, but no commentary while there is another', () => {
  const other = (index: number, disposition: object) => ({ ...sound, index, disposition })
  const chosen = (...streams: object[]) => read(video, ...streams).audio?.streamIndex
  assert.equal(chosen(other(1, { default: 0 }), other(2, { default: 1 })), 2)
  assert.equal(chosen(other(1, { default: 1, comment: 1 }), other(2, { default: 0 })), 2)
  assert.equal(chosen(other(1, { default: 0, visual_impaired: 1 }), other(2, { default: 0 })), 2)
  assert.equal(chosen(other(1, { comment: 1 })), 1)
})

test('read-probe: the other sounds are one of each language and kind, as many as may be, and none without frames', () => {
  const other = (index: number, language: string, more: object = {}) => ({ ...sound, index, tags: { language }, disposition: {}, ...more })
  const found = (...streams: object[]) => read(video, ...streams)
  const { audio, otherSounds } = found(other(1, 'eng'), other(2, 'eng', { channels: 6 }), other(3, 'fre'))
  assert.deepEqual(audio, { streamIndex: 1, codec: 'aac', channels: 2, language: 'en' })
  assert.deepEqual(otherSounds, [{ streamIndex: 3, language: 'fr' }], 'surround is the same sound')
  const asides = found(
    other(1, 'eng', { disposition: { comment: 1 } }),
    other(2, 'eng'),
    other(3, 'eng', { disposition: { visual_impaired: 1 } }),
  )
  assert.equal(asides.audio?.streamIndex, 2)
  assert.deepEqual(asides.otherSounds, [
    { streamIndex: 1, language: 'en', aside: 'commentary' },
    { streamIndex: 3, language: 'en', aside: 'description' },
  ])
  assert.equal(found(other(1, 'eng'), other(2, 'fre', { nb_frames: '0' })).otherSounds, undefined)
  assert.equal(found(other(1, 'eng'), other(2, 'xx1', { codec_name: 'truehd_mlp' })).otherSounds, undefined)
})
