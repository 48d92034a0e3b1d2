// ffmpeg and ffprobe of the machine: a build without x264 is no use to us.
import { dirname, join } from 'node:path'
import { apt } from '../means/apt.mjs'
import { pins } from '../pins.mjs'
import { ask } from '../run-tool.mjs'
import { majorOf } from '../version.mjs'
import { allOnPath } from '../which.mjs'

const encoders = ['libx264', 'aac']

export const ffmpeg = {
  name: 'ffmpeg',
  lane: 'apt',
  without: 'no video is probed or encoded',
  candidates: () => allOnPath(['ffmpeg']).map((path) => ({ ffmpeg: path, ffprobe: join(dirname(path), 'ffprobe') })),
  async usable({ ffmpeg: path }) {
    const { text: about } = await ask(path, ['-hide_banner', '-version'])
    // Builds from git have no number ("N-123-g…"): they are newer than any release we refuse.
    const major = majorOf(/^ffmpeg version n?(\d+)\./.exec(about)?.[1])
    if (major !== undefined && major < pins.ffmpeg.majorMin) return `${path} is older than ${pins.ffmpeg.majorMin}`
    const { text } = await ask(path, ['-hide_banner', '-encoders'])
    const lacks = encoders.filter((encoder) => !new RegExp(`\\s${encoder}\\s`).test(text))
    return lacks.length === 0 ? undefined : `${path} has no encoder ${lacks.join(' and no ')}`
  },
  install: (ctx) => apt(ctx, 'ffmpeg', 'ffmpeg'),
  gives: (files) => files,
}
