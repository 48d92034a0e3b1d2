// Programs that are taken as the system has them, and asked for nothing but to run.
import { apt } from '../means/apt.mjs'
import { ask } from '../run-tool.mjs'
import { allOnPath, isProgram } from '../which.mjs'

function aptProgram({ name, key, names, package: debian, asks = ['--version'], without, elsewhere = [] }) {
  return {
    name,
    lane: 'apt',
    without,
    candidates: () => [...allOnPath(names), ...elsewhere.filter(isProgram)].map((path) => ({ [key]: path })),
    async usable({ [key]: path }) {
      return (await ask(path, asks)).status === 0 ? undefined : `${path} does not run`
    },
    install: (ctx) => apt(ctx, name, debian),
    gives: ({ [key]: path }) => ({ [key]: path }),
  }
}

export const chromium = aptProgram({
  name: 'chromium',
  key: 'chromium',
  names: ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
  package: 'chromium',
  without: 'the console and playback are not tested in a browser',
  elsewhere: ['/Applications/Chromium.app/Contents/MacOS/Chromium', '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome'],
})

export const exiftool = aptProgram({
  name: 'exiftool',
  key: 'exiftool',
  names: ['exiftool'],
  asks: ['-ver'],
  package: 'libimage-exiftool-perl',
  without: 'no second opinion is had on metadata being gone from renditions',
})

export const fio = aptProgram({
  name: 'fio',
  key: 'fio',
  names: ['fio'],
  package: 'fio',
  without: "the disk's own speed is not measured beside ours",
})

export const vipsthumbnail = aptProgram({
  name: 'vipsthumbnail',
  key: 'vipsthumbnail',
  names: ['vipsthumbnail'],
  package: 'libvips-tools',
  without: 'the image benchmark has nothing to compare with',
})
