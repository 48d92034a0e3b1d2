import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { CloudEvent } from '../domain/events.ts'
import { mediaIdOf } from '../domain/ids.ts'
import { toCloudEvent } from '../events/cloud-event.ts'
import { eventDefinitions } from '../events/types/index.ts'
import { eventLine } from './event-line.ts'

function sample(type: keyof typeof eventDefinitions): CloudEvent {
  const { sample: data } = eventDefinitions[type]
  const time = new Date('2026-01-02T03:04:05.678Z')
  return toCloudEvent({ sequence: 1, eventId: 'e', type, mediaId: mediaIdOf(1n), tenant: 'acme', time, data }, 'urn:test')
}

for (const type of Object.keys(eventDefinitions) as (keyof typeof eventDefinitions)[]) {
  test(`event line: ${type} is one line that names the type, the item and the tenant`, () => {
    const line = eventLine(sample(type))
    assert.ok(!line.includes('\n'))
    for (const part of [type, '0000000000001', 'acme', '2026-01-02T03:04:05.678Z']) assert.ok(line.includes(part), part)
  })
}

test('event line: a ready video says its size, its length and its playlist', () => {
  assert.match(eventLine(sample('media.ready')), /video 1920x1080, 12\.5 s, 2 renditions {2}https:\/\/cdn\.example\/\S+\/master\.m3u8$/)
})

test('event line: a refusal says why', () => {
  assert.match(eventLine(sample('media.rejected')), /image: The file is damaged or incomplete\. \(MEDIA_CORRUPT\)$/)
})

test('event line: nothing in an event can move the cursor', () => {
  const line = eventLine({ ...sample('media.erased'), tenant: 'a\u001b[2Jb\nc' })
  assert.match(line, /a\?\[2Jb\?c/)
})
