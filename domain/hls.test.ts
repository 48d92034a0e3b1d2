import assert from 'node:assert/strict'
import { test } from 'node:test'
import { captionsPlaylist, masterPlaylist, masterWithCaptions, measureBandwidth, mediaPlaylist } from './hls.ts'

test('hls: a master playlist names every rung with its size, rate, codecs and measured bit rates, and the one audio rendition', () => {
  const text = masterPlaylist({
    rungs: [
      {
        uri: '720p.m3u8',
        width: 1280,
        height: 720,
        fps: 30000 / 1001,
        codecs: 'avc1.64001f,mp4a.40.2',
        bandwidth: 3_328_000.4,
        averageBandwidth: 2_100_000,
      },
      {
        uri: '360p.m3u8',
        width: 640,
        height: 360,
        fps: 30000 / 1001,
        codecs: 'avc1.64001e,mp4a.40.2',
        bandwidth: 1_000_000,
        averageBandwidth: 700_000,
      },
    ],
    audio: [{ uri: 'audio.m3u8', channels: 2, label: 'Sound' }],
  })
  assert.equal(
    text,
    `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Sound",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio.m3u8"
#EXT-X-STREAM-INF:BANDWIDTH=3328001,AVERAGE-BANDWIDTH=2100000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720,FRAME-RATE=29.970,CLOSED-CAPTIONS=NONE,AUDIO="audio"
720p.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=1000000,AVERAGE-BANDWIDTH=700000,CODECS="avc1.64001e,mp4a.40.2",RESOLUTION=640x360,FRAME-RATE=29.970,CLOSED-CAPTIONS=NONE,AUDIO="audio"
360p.m3u8
`,
  )
})

test('hls: of several sounds the first is heard, each says its language, and commentary is only chosen by hand', () => {
  const sound = { channels: 2 }
  const text = masterPlaylist({
    rungs: [{ uri: 'a.m3u8', width: 2, height: 4, fps: 25, codecs: 'avc1.42c00a,mp4a.40.2', bandwidth: 1, averageBandwidth: 1 }],
    audio: [
      { ...sound, uri: 'audio.m3u8', label: 'English', language: 'en' },
      { ...sound, uri: 'audio-1.m3u8', label: 'Commentary (English)', language: 'en', aside: 'commentary' },
      { ...sound, uri: 'audio-2.m3u8', label: 'Audio description', aside: 'description' },
    ],
  })
  assert.deepEqual(
    text.split('\n').filter((line) => line.startsWith('#EXT-X-MEDIA:')),
    [
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="English",LANGUAGE="en",DEFAULT=YES,AUTOSELECT=YES,CHANNELS="2",URI="audio.m3u8"',
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Commentary (English)",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=NO,CHANNELS="2",URI="audio-1.m3u8"',
      '#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="audio",NAME="Audio description",DEFAULT=NO,AUTOSELECT=YES,CHARACTERISTICS="public.accessibility.describes-video",CHANNELS="2",URI="audio-2.m3u8"',
    ],
  )
})

test('hls: a silent video has no audio group', () => {
  const text = masterPlaylist({
    rungs: [{ uri: 'a.m3u8', width: 2, height: 4, fps: 25, codecs: 'avc1.42c00a', bandwidth: 1, averageBandwidth: 1 }],
  })
  assert.doesNotMatch(text, /AUDIO/)
  assert.match(text, /FRAME-RATE=25\.000,CLOSED-CAPTIONS=NONE\na\.m3u8\n$/)
})

test('hls: a finished media playlist is VOD with a map, whole-number target duration and an end', () => {
  assert.equal(
    mediaPlaylist({
      initUri: 'init.mp4',
      segments: [
        { uri: '0.m4s', durationSeconds: 6.006 },
        { uri: '1.m4s', durationSeconds: 1.5015 },
      ],
    }),
    `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-TARGETDURATION:6
#EXT-X-MEDIA-SEQUENCE:0
#EXT-X-PLAYLIST-TYPE:VOD
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-MAP:URI="init.mp4"
#EXTINF:6.006000,
0.m4s
#EXTINF:1.501500,
1.m4s
#EXT-X-ENDLIST
`,
  )
})

test('hls: a growing playlist is an EVENT without an end and keeps the target duration it was given', () => {
  const text = mediaPlaylist({ initUri: 'init.mp4', segments: [{ uri: '0.m4s', durationSeconds: 4 }], ended: false, targetSeconds: 8 })
  assert.match(text, /TARGETDURATION:8\n/)
  assert.match(text, /PLAYLIST-TYPE:EVENT\n/)
  assert.doesNotMatch(text, /ENDLIST/)
})

test('hls: a URI that would break out of its line or its quotes is a bug, not a playlist', () => {
  for (const uri of ['', 'a b', 'a"b', 'a\nb', '#a']) assert.throws(() => mediaPlaylist({ initUri: uri, segments: [] }), /not a URI/)
})

test('hls: the peak is that of the worst run of half a target or more, so a tiny last segment does not set it', () => {
  const segments = [
    { bytes: 600_000, durationSeconds: 6 },
    { bytes: 900_000, durationSeconds: 6 },
    { bytes: 100_000, durationSeconds: 0.1 },
  ]
  assert.deepEqual(measureBandwidth(segments), {
    bandwidth: Math.ceil((1_000_000 * 8) / 6.1),
    averageBandwidth: Math.ceil((1_600_000 * 8) / 12.1),
  })
  assert.deepEqual(measureBandwidth([{ bytes: 1000, durationSeconds: 0.2 }]), { bandwidth: 40_000, averageBandwidth: 40_000 })
  assert.deepEqual(measureBandwidth([]), { bandwidth: 0, averageBandwidth: 0 })
})

test('hls: captions are a group of every variant, one rendition a language, each a list of texts', () => {
  const rung = { uri: '720p.m3u8', width: 1280, height: 720, fps: 30, codecs: 'avc1.64001f', bandwidth: 2, averageBandwidth: 1 }
  const captions = [
    { uri: 'en.m3u8', label: 'English', language: 'en' },
    { uri: 'und.m3u8', label: 'Captions', language: 'und' },
  ]
  const lines = masterPlaylist({ rungs: [rung], captions }).split('\n')
  assert.deepEqual(lines.slice(3, 6), [
    '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="captions",NAME="English",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,URI="en.m3u8"',
    '#EXT-X-MEDIA:TYPE=SUBTITLES,GROUP-ID="captions",NAME="Captions",DEFAULT=NO,AUTOSELECT=YES,FORCED=NO,URI="und.m3u8"',
    '#EXT-X-STREAM-INF:BANDWIDTH=2,AVERAGE-BANDWIDTH=1,CODECS="avc1.64001f",RESOLUTION=1280x720,FRAME-RATE=30.000,CLOSED-CAPTIONS=NONE,SUBTITLES="captions"',
  ])
  assert.deepEqual(
    captionsPlaylist([
      { uri: 'a.vtt', durationSeconds: 6 },
      { uri: 'b.vtt', durationSeconds: 1.5 },
    ]).split('\n'),
    [
      '#EXTM3U',
      '#EXT-X-VERSION:7',
      '#EXT-X-TARGETDURATION:6',
      '#EXT-X-MEDIA-SEQUENCE:0',
      '#EXT-X-PLAYLIST-TYPE:VOD',
      '#EXTINF:6.000000,',
      'a.vtt',
      '#EXTINF:1.500000,',
      'b.vtt',
      '#EXT-X-ENDLIST',
      '',
    ],
  )
})

test('hls: a variant says which range its light has, where that is given', () => {
  const rung = {
    uri: 'a.m3u8',
    width: 2,
    height: 2,
    fps: 30,
    codecs: 'hvc1.2.4.L93.90',
    bandwidth: 2,
    averageBandwidth: 1,
    range: 'PQ' as const,
  }
  assert.match(masterPlaylist({ rungs: [rung] }), /FRAME-RATE=30\.000,VIDEO-RANGE=PQ,/)
})

test('hls: a master whose captions are changed is the one that would have been made with them', () => {
  const rung = { width: 2, height: 4, fps: 25, codecs: 'avc1.42c00a,mp4a.40.2', bandwidth: 1, averageBandwidth: 1 }
  const master = (captions: readonly { uri: string; label: string; language: string }[]) =>
    masterPlaylist({
      rungs: [
        { ...rung, uri: 'a.m3u8' },
        { ...rung, uri: 'b.m3u8', range: 'SDR' },
      ],
      audio: [{ uri: 'audio.m3u8', channels: 2, label: 'Sound' }],
      iframes: [{ uri: 'i.m3u8', width: 2, height: 4, codecs: 'avc1.42c00a', bandwidth: 1, averageBandwidth: 1 }],
      captions,
    })
  const german = { uri: 'de.m3u8', label: 'German', language: 'de' }
  const unknown = { uri: 'und.m3u8', label: 'Captions', language: 'und' }
  for (const before of [[], [german], [german, unknown]])
    for (const after of [[], [unknown], [german, unknown]]) assert.equal(masterWithCaptions(master(before), after), master(after))
})
