import assert from 'node:assert/strict'
import { test } from 'node:test'
import { rungsOf } from './rungs.ts'

test('rungs: a master playlist tells name, peak rate and codec of each, whatever the order of attributes', () => {
  const master = `#EXTM3U
#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="a",URI="../1.2.0123456789abcdef/audio.m3u8"
#EXT-X-STREAM-INF:AVERAGE-BANDWIDTH=900000,BANDWIDTH=1200000,CODECS="avc1.64001f,mp4a.40.2",RESOLUTION=1280x720
../1.3.0123456789abcdef/v720.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=300000
../1.4.0123456789abcdef/v240.m3u8
#EXT-X-STREAM-INF:RESOLUTION=1x1
../1.5.0123456789abcdef/no-rate.m3u8
#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1,URI="../1.6.0123456789abcdef/i.m3u8"
`
  assert.deepEqual(rungsOf(master), [
    { name: 'v720.m3u8', bandwidth: 1_200_000, codec: 'H.264' },
    { name: 'v240.m3u8', bandwidth: 300_000, codec: '' },
  ])
  assert.deepEqual(rungsOf('not a playlist'), [])
})
