// Programs that are one Go package each and differ in nothing but names.
import { join } from 'node:path'
import { place } from '../cache.mjs'
import { goBuild } from '../means/go.mjs'
import { pins } from '../pins.mjs'
import { ask } from '../run-tool.mjs'
import { majorOf, versionIn } from '../version.mjs'
import { allOnPath } from '../which.mjs'
import { globDirs } from '../glob-dirs.mjs'

function goProgram({ name, key, module, package: goPackage, version, without, about, elsewhere, usable, variables }) {
  const directory = `${name}-${version}`
  return {
    name,
    lane: 'go',
    without,
    candidates: (ctx) => [...elsewhere().map((path) => ({ [key]: path })), { [key]: ctx.cache.at(directory, name) }],
    async usable({ [key]: path }) {
      const { status, text } = await ask(path, [name === 'compose' ? 'version' : '--version'])
      if (status !== 0) return `${path} does not run`
      return usable?.(path, text)
    },
    async install(ctx) {
      const build = { tool: name, module, package: goPackage, version, about, variables }
      await place(ctx.cache, directory, (tmp) => goBuild(ctx, { ...build, out: join(tmp, name) }))
    },
    gives: ({ [key]: path }) => ({ [key]: path }),
  }
}

export const temporalUi = goProgram({
  name: 'temporal-ui-server',
  key: 'temporalUi',
  module: 'temporal',
  package: 'github.com/temporalio/ui-server/v2/cmd/server',
  version: pins.temporalUi.version,
  without: 'the many-process stack has no Temporal UI',
  about: 'seconds after the CLI',
  elsewhere: () => [],
})

export const minio = goProgram({
  name: 'minio',
  key: 'minio',
  module: 'minio',
  package: 'github.com/minio/minio',
  version: pins.minio.version,
  without: 'the many-process stack has no object store of its own, and S3 is not tested on MinIO',
  about: 'once, about 2 minutes on two cores',
  elsewhere: () => allOnPath(['minio']),
})

export const versitygw = goProgram({
  name: 'versitygw',
  key: 'versitygw',
  module: 'versitygw',
  package: 'github.com/versity/versitygw/cmd/versitygw',
  version: pins.versitygw.version,
  without: 'S3 is not tested on a second server',
  about: 'once, about a minute',
  elsewhere: () => allOnPath(['versitygw']),
})

export const compose = goProgram({
  name: 'compose',
  key: 'compose',
  module: 'compose',
  package: 'github.com/docker/compose/v5/cmd',
  version: pins.compose.version,
  variables: { 'github.com/docker/compose/v5/internal.Version': pins.compose.version },
  without: 'docker-compose.yml is not checked',
  about: 'once, about a minute',
  // Docker's plugin is the same program, and runs on its own too.
  elsewhere: () => [
    ...allOnPath(['docker-compose']),
    ...['/usr/libexec/docker/cli-plugins', '/usr/lib/docker/cli-plugins', '/usr/local/lib/docker/cli-plugins']
      .flatMap((dir) => globDirs(dir))
      .map((dir) => join(dir, 'docker-compose')),
  ],
  usable: (path, text) => (majorOf(versionIn(text, 'ersion')) >= pins.compose.majorMin ? undefined : `${path} is older than version 2`),
})
