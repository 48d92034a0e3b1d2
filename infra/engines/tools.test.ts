import assert from 'node:assert/strict'
import { test } from 'node:test'
import { need, parseTools } from './tools.ts'

test('tools: nothing handed over means that no tool is there', () => {
  assert.deepEqual(parseTools(undefined), { missing: [] })
  assert.deepEqual(parseTools(''), { missing: [] })
})

test('tools: paths are kept, entries that are not used here are passed over', () => {
  const json = JSON.stringify({ temporal: '/opt/temporal', node: '/opt/node', varnishXkey: true, missing: [] })
  assert.deepEqual(parseTools(json), { temporal: '/opt/temporal', missing: [] })
})

test('tools: what set-up never writes is refused', () => {
  for (const json of ['[]', '7', '{"temporal":"temporal"}', '{"temporal":1}', '{"missing":{}}', '{"missing":[{"tool":"minio"}]}', '{'])
    assert.throws(() => parseTools(json), Error, json)
})

test("tools: a tool that is missing is said to be so in set-up's own sentence", () => {
  const sentence = 'there is no Go to build it'
  const tools = parseTools(JSON.stringify({ missing: [{ tool: 'temporal-server', sentence }] }))
  assert.throws(() => need(tools, 'temporalSqlTool'), { code: 'ENGINE_MISSING', message: sentence })
})

test('tools: a tool that set-up was not asked for has a sentence, too', () => {
  assert.throws(() => need({ missing: [] }, 'postgresBin'), { code: 'ENGINE_MISSING', message: /^postgres is not installed: .*\.$/ })
  assert.equal(need({ postgresBin: '/pg', missing: [] }, 'postgresBin'), '/pg')
})
