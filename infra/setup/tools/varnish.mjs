// Varnish, and its xkey module, by which everything of one media item is purged at once.
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { apt } from '../means/apt.mjs'
import { globDirs } from '../glob-dirs.mjs'
import { pins } from '../pins.mjs'
import { ask } from '../run-tool.mjs'
import { majorOf, versionIn } from '../version.mjs'
import { allOnPath, onPath } from '../which.mjs'

export const varnish = {
  name: 'varnish',
  lane: 'apt',
  without: 'no edge runs in front of the origin',
  candidates: () => allOnPath(['varnishd']).map((path) => ({ varnishd: path })),
  async usable({ varnishd }) {
    const { text } = await ask(varnishd, ['-V'])
    const major = majorOf(versionIn(text, 'varnish-'))
    return major >= pins.varnish.majorMin ? undefined : `${varnishd} is older than ${pins.varnish.majorMin}`
  },
  install: (ctx) => apt(ctx, 'varnish', 'varnish'),
  gives: (files) => files,
}

const moduleDirs = ['/usr/lib/*/varnish/vmods', '/usr/lib/varnish/vmods', '/usr/local/lib/varnish/vmods']

export const varnishXkey = {
  name: 'varnish-xkey',
  lane: 'apt',
  without: 'the edge does not start: it purges by xkey',
  candidates: () =>
    moduleDirs.flatMap(globDirs).map((dir) => ({
      varnishd: onPath('varnishd') ?? '/usr/sbin/varnishd',
      module: join(dir, 'libvmod_xkey.so'),
    })),
  /** A module belongs to one build of Varnish: whether they fit is seen by translating a VCL that imports it. */
  async usable({ varnishd, module }) {
    const dir = mkdtempSync(join(tmpdir(), 'darkroom-xkey-'))
    // The translator runs as a user of its own, who must get in.
    chmodSync(dir, 0o755)
    try {
      const vcl = join(dir, 'xkey.vcl')
      writeFileSync(vcl, 'vcl 4.1;\nimport xkey;\nbackend none none;\n')
      const { status } = await ask(varnishd, ['-C', '-f', vcl, '-n', dir])
      return status === 0 ? undefined : `${module} does not fit ${varnishd}`
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  },
  install: (ctx) => apt(ctx, 'varnish-xkey', 'varnish-modules'),
  gives: () => ({ varnishXkey: true }),
}
