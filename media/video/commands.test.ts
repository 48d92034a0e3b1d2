import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { VideoPlan } from '../../domain/plans.ts'
import { audioCommand } from './audio-command.ts'
import { type Command, openOptions, sourceUrl } from './command.ts'
import { must } from './fixtures.ts'
import { describeArguments, describeToEndArguments, tailArguments } from './ffprobe.ts'
import { ladderCommand } from './ladder-command.ts'
import { pictureFilters } from './picture-filter.ts'
import { candidatesCommand, posterCommand, posterTries } from './poster-command.ts'

const plan: VideoPlan = {
  width: 1280,
  height: 720,
  durationMs: 12_012,
  fps: 30_000 / 1001,
  gopFrames: 60,
  rungs: [
    { name: '720p', width: 1280, height: 720, crf: 23, maxKbps: 3200, index: 0 },
    { name: '360p', width: 640, height: 360, crf: 24, maxKbps: 900, index: 1 },
  ],
  chunks: [
    { index: 0, startSeconds: 0.5, durationSeconds: 6.006 },
    { index: 1, startSeconds: 6.506, durationSeconds: 6.006 },
  ],
  audio: { streamIndex: 2, kbps: 128 },
  posterSeconds: 3.5,
  videoStreamIndex: 0,
  filter: null,
  posterPreset: 'standard',
}
const tools = { zscale: true, threads: 1, pixelsMax: 33_177_600 }

/** A command as lines: inputs, source, then each output; without the list of decoders, which other tests look at. */
function linesOf({ inputOptions, source, outputs }: Command): string[] {
  const inputs = inputOptions.map((option, at) => (inputOptions[at - 1] === '-codec_whitelist' ? 'DECODERS' : option))
  return [inputs.join(' '), `-i ${source}`, ...outputs.map(({ options, target }) => `${options.join(' ')} ${target}`)]
}

const run = '-hide_banner -nostdin -nostats -loglevel error -progress pipe:2 -stats_period 0.25 -y'
const strip = '-map_metadata -1 -map_chapters -1 -fflags +bitexact'
const open = '-protocol_whitelist file -f mov -codec_whitelist DECODERS'
const known = `${open} -nofind_stream_info`

test('commands: one decode of a chunk feeds every rung, on the grid of the whole video', () => {
  const rung = (label: string, crf: number, kbps: number, file: string) =>
    `-map [${label}] ${strip} -metadata:s:v encoder=AVC Coding -c:v libx264 -preset veryfast -profile:v high -pix_fmt yuv420p -threads 1 -crf ${crf} -maxrate ${kbps}k -bufsize ${kbps * 2}k -x264-params keyint=60:min-keyint=60:scenecut=0:open-gop=0:b-adapt=0:rc-lookahead=15:vbv-init=0.75:zones=0,0,b=1.4 -color_primaries bt709 -color_trc bt709 -colorspace bt709 -color_range tv -a53cc 0 -bsf:v filter_units=remove_types=6 -fps_mode passthrough -enc_time_base 1/30000 -f mp4 -video_track_timescale 30000 -movflags +frag_keyframe+empty_moov+default_base_moof+negative_cts_offsets+frag_discont+skip_trailer ${file}`
  assert.deepEqual(linesOf(ladderCommand('/media/in.mp4', plan, must(plan.chunks[1]), tools)), [
    `${run} -filter_complex_threads 1 -max_error_rate 0.2 ${known} -threads 1 -max_pixels 33177600 -copyts -seek_timestamp 1 -noaccurate_seek -ss 6.521015`,
    '-i file:/media/in.mp4',
    `-filter_complex [0:0]setpts=round(PTS-(0.5)/TB),fps=fps=30000/1001:start_time=6.006,trim=start_pts=180:end_pts=360,scale=w=1280:h=720,format=yuv420p,setsar=1,setparams=field_mode=prog:range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709,split=2[sr0][sr1];[sr0]null[r0];[sr1]zscale=w=640:h=360:filter=bicubic:param_a=0:param_b=0.6,setsar=1[r1] ${rung('r0', 23, 3200, 'rung-0.mp4')}`,
    rung('r1', 24, 900, 'rung-1.mp4'),
  ])
  assert.ok(
    !ladderCommand('/media/in.mp4', plan, must(plan.chunks[0]), tools).inputOptions.includes('-ss'),
    'the first chunk does not seek',
  )
})

test("commands: decoding begins with the keyframe on a chunk's begin, and further back where a keyframe is no clean start", () => {
  const seekOf = (traits: Partial<VideoPlan>, index: number) => {
    const { inputOptions } = ladderCommand('/in', { ...plan, ...traits }, must(plan.chunks[index]), tools)
    return inputOptions[inputOptions.indexOf('-ss') + 1]
  }
  assert.equal(seekOf({}, 1), '6.521015')
  assert.equal(seekOf({ inside: true }, 0), '0.515015')
  assert.equal(seekOf({ interlaced: true }, 1), '5.506')
  assert.equal(seekOf({ matroska: true }, 1), '5.506')
})

test('commands: the sound is encoded whole, cut and padded to the picture', () => {
  assert.deepEqual(linesOf(audioCommand('https://store.test/o?X-Sig=1', plan)), [
    `${run} -protocol_whitelist http,https,tcp,tls -rw_timeout 20000000 -reconnect 1 -reconnect_on_network_error 1 -reconnect_delay_max 4 -f mov -codec_whitelist DECODERS -nofind_stream_info -threads 1 -copyts`,
    '-i https://store.test/o?X-Sig=1',
    `-map 0:2 ${strip} -af asetpts=round(PTS-(0.5)/TB),aresample=48000:async=1:first_pts=0,aformat=sample_fmts=fltp:channel_layouts=stereo,apad,atrim=start=0:end=12.012 -c:a aac -profile:a aac_low -b:a 128k -ac 2 -flags:a +bitexact -bsf:a noise=drop=lt(pts\\,0) -f mp4 -movflags +delay_moov+default_base_moof+skip_trailer -frag_duration 2000000 audio.mp4`,
  ])
})

test('commands: a poster is looked for among keyframes, then all frames, then taken from the beginning', () => {
  const picture = 'scale=w=1280:h=720,format=yuv420p,setsar=1'
  const choose = 'signalstats,metadata=mode=select:key=lavfi.signalstats.YAVG:value=40:function=greater,thumbnail=n=12'
  const end = 'scale=in_color_matrix=bt709:in_range=tv:flags=accurate_rnd+full_chroma_int,format=rgb24[poster]'
  const output = (graph: string) =>
    `-filter_complex [0:0]${graph} -map [poster] ${strip} -frames:v 1 -c:v png -compression_level 0 -f image2 -update 1 poster.png`
  const seek = '-seek_timestamp 1 -noaccurate_seek -ss 3.5 -t 8'
  assert.deepEqual(
    posterTries.map((posterTry) => linesOf(posterCommand('/in.mp4', plan, posterTry, tools))),
    [
      [
        `${run} ${known} -threads 1 -max_pixels 33177600 -skip_frame nokey ${seek}`,
        '-i file:/in.mp4',
        output(`${picture},${choose},${end}`),
      ],
      [`${run} ${known} -threads 1 -max_pixels 33177600 ${seek}`, '-i file:/in.mp4', output(`fps=2,${picture},${choose},${end}`)],
      [`${run} ${known} -threads 1 -max_pixels 33177600`, '-i file:/in.mp4', output(`${picture},${end}`)],
    ],
  )
})

test('commands: HDR is tone-mapped where the tools allow, interlacing removed, a look applied in RGB', () => {
  const filters = (more: Partial<VideoPlan>, zscale = true) => pictureFilters({ ...plan, ...more }, { zscale }).join(',')
  assert.match(filters({ colour: 'pq' }), /zscale=tin=smpte2084:min=2020_ncl:.*tonemap=tonemap=hable/)
  assert.match(filters({ colour: 'hlg' }), /zscale=tin=arib-std-b67/)
  assert.doesNotMatch(filters({ colour: 'hlg' }, false), /zscale/)
  assert.match(filters({ colour: 'bt601' }), /in_color_matrix=smpte170m:out_color_matrix=bt709/)
  assert.match(filters({ colour: 'full' }), /in_color_matrix=bt709:out_color_matrix=bt709:out_range=tv/)
  const interlaced = { ...plan, interlaced: true }
  const ladder = linesOf(ladderCommand('/in.mp4', interlaced, must(plan.chunks[0]), tools)).join()
  assert.match(ladder, /\[0:0\]setpts=[^,]+,bwdif=mode=send_frame:deint=interlaced,fps=/, 'before frames are dropped')
  assert.match(linesOf(posterCommand('/in.mp4', interlaced, 'frames', tools)).join(), /\[0:0\]bwdif=[^,]+,fps=2,/)
  assert.match(
    filters({ filter: 'any' }),
    /format=gbrp,lut3d=file=centre\.cube:interp=tetrahedral,scale=out_color_matrix=bt709:out_range=tv,format=yuv420p/,
  )
  assert.match(filters({ filter: 'any', colour: 'pq' }), /tonemap.*lut3d/)
})

const candidates = (source: string) => {
  const { inputOptions, moreInputs = [] } = candidatesCommand(source, plan, [3, 7], { width: 16, height: 9 }, tools)
  return { inputOptions, moreInputs }
}

test('commands: a candidate for the poster is the keyframe before its time, and in a trimmed film the very time', () => {
  const whole = candidates('/o').moreInputs[0]?.options.join(' ') ?? ''
  assert.match(whole, /-skip_frame noref -noaccurate_seek -seek_timestamp 1 -ss 7$/)
  const { outputs } = posterCommand('/o', plan, 7, tools)
  assert.match(
    outputs.map(({ options }) => options.join(' ')).join(),
    /-fps_mode passthrough -frames:v 1/,
    'also where it lies before that time',
  )
  const trimmed = candidatesCommand('/o', { ...plan, inside: true }, [3], { width: 16, height: 9 }, tools)
  assert.doesNotMatch(trimmed.inputOptions.join(' '), /noref|noaccurate/)
})

test('commands: every opening of an upload names the one demuxer, the protocols and the decoders', () => {
  for (const source of ['/a b.mp4', 'http://store.test/o']) {
    const openings = [
      openOptions(source, 'mov'),
      describeArguments(source, 'mov'),
      describeToEndArguments(source, 'mov'),
      tailArguments(source, 'mov', 0, 1),
      ladderCommand(source, plan, must(plan.chunks[0]), tools).inputOptions,
      audioCommand(source, plan).inputOptions,
      ...[...posterTries, 7].map((posterTry) => posterCommand(source, plan, posterTry, tools).inputOptions),
      ...candidates(source).moreInputs.map(({ options }) => options),
      candidates(source).inputOptions,
    ]
    for (const options of openings) {
      assert.equal(options[options.indexOf('-f') + 1], 'mov')
      const protocols = options[options.indexOf('-protocol_whitelist') + 1]
      assert.equal(protocols, source.startsWith('/') ? 'file' : 'http,https,tcp,tls')
      const decoders = options[options.indexOf('-codec_whitelist') + 1] ?? ''
      assert.match(decoders, /^h264,/)
    }
  }
  assert.equal(sourceUrl('-rf'), 'file:-rf')
  assert.equal(sourceUrl('concat:a|b'), 'file:concat:a|b')
})
