// Java, and the jars of a Kafka broker: no distribution, only what its main class needs.
import { mkdirSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { place } from '../cache.mjs'
import { SetupFault } from '../fault.mjs'
import { apt } from '../means/apt.mjs'
import { mavenJars } from '../means/maven.mjs'
import { pins } from '../pins.mjs'
import { ask } from '../run-tool.mjs'
import { javaMajorIn } from '../version.mjs'
import { allOnPath, isProgram, real } from '../which.mjs'

const homeJava = () => (process.env.JAVA_HOME ? [join(process.env.JAVA_HOME, 'bin', 'java')].filter(isProgram) : [])

async function javaFault(path) {
  const { text } = await ask(path, ['-version'])
  return javaMajorIn(text) >= pins.java.majorMin ? undefined : `${path} is not Java ${pins.java.majorMin} or newer`
}

export const java = {
  name: 'java',
  lane: 'apt',
  replacedBy: 'KAFKA_BROKERS',
  without: 'no Kafka is started: events go out by SSE and webhooks, and to Kafka where KAFKA_BROKERS names it',
  candidates: () => [...homeJava(), ...allOnPath(['java'])].map((path) => ({ java: path })),
  usable: ({ java: path }) => javaFault(path),
  install: (ctx) => apt(ctx, 'java', 'default-jre-headless'),
  gives: ({ java: path }) => ({ java: path }),
}

const { version } = pins.kafka
const directory = `kafka-${version}`
const mainJar = `kafka_2.13-${version}.jar`

export const kafka = {
  name: 'kafka',
  // After java, which it needs to be of any use.
  lane: 'apt',
  replacedBy: 'KAFKA_BROKERS',
  without: java.without,
  candidates: (ctx) => [{ mainJar: ctx.cache.at(directory, 'lib', mainJar) }],
  // The jars came through Maven, which checks their sums; the broker itself is tried where it is started.
  usable: async () => undefined,
  async install(ctx) {
    const javas = await Promise.all(java.candidates(ctx).map((found) => java.usable(found)))
    if (!javas.includes(undefined)) throw new SetupFault(`there is no Java ${pins.java.majorMin} to run it`)
    await place(ctx.cache, directory, async (tmp) => {
      const out = join(tmp, 'lib')
      mkdirSync(out)
      await mavenJars(ctx, { tool: 'kafka', module: 'kafka', version, out })
    })
  },
  gives: ({ mainJar: jar }) => ({ kafkaLib: dirname(real(jar)) }),
}
