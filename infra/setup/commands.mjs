// What `npm run <command>` needs and starts. `required` are the tools without which a
// start is pointless; a lack of any other is said, and the program does without.
const engines = ['postgres', 'temporal', 'ffmpeg']

export const commands = {
  demo: { set: 'embedded', main: 'workers/demo.main.ts', required: engines, replaceable: true },
  start: { set: 'embedded', main: 'workers/embedded.main.ts', required: engines, replaceable: true },
  stack: {
    set: 'stack',
    main: 'workers/stack.main.ts',
    required: [...engines, 'temporal-server', 'minio'],
  },
  events: { set: 'base', main: 'workers/events.main.ts' },
  'fit-filters': { set: 'base', main: 'workers/fit-filters.main.ts' },
  blocklist: { set: 'base', main: 'workers/blocklist.main.ts' },
  'export-cubes': { set: 'base', main: 'workers/export-cubes.main.ts' },
  volumes: { set: 'base', main: 'workers/volumes.main.ts' },
  bench: { set: 'bench', main: 'bench/bench.ts', required: engines },
  'record-histories': { set: 'embedded', main: 'tests/replay/record.ts', required: engines },
  test: { set: 'all', main: 'tests/run.ts' },
  'test:unit': { set: 'unit', main: 'tests/run.ts', args: ['unit'] },
  setup: { set: 'all', required: engines },
}
