// Maven as a means: copies the jars that a pom lists.
import { join } from 'node:path'
import { labour } from '../run-tool.mjs'
import { onPath } from '../which.mjs'
import { apt } from './apt.mjs'

export async function mavenJars(ctx, { tool, module, version, out }) {
  if (onPath('mvn') === undefined) await apt(ctx, tool, 'maven')
  await labour({
    tool,
    what: `copying the jars of ${version} with Maven`,
    log: ctx.cache.log(tool),
    file: onPath('mvn') ?? 'mvn',
    args: [
      '-B',
      '-q',
      '-f',
      join(ctx.repo, 'infra', 'tools', module, 'pom.xml'),
      'dependency:copy-dependencies',
      '-DincludeScope=runtime',
      `-DoutputDirectory=${out}`,
    ],
    cwd: out,
  })
}
