// The answer of `npm run setup`: what is where, one line per tool.
export function table(results) {
  const rows = results.map(({ tool, files, sentence }) => [
    tool.name,
    files === undefined ? 'missing' : 'ready',
    files === undefined ? sentence : Object.values(files)[0],
  ])
  const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column].length)))
  return rows.map(([name, state, where]) => `${name.padEnd(widths[0])}  ${state.padEnd(widths[1])}  ${where}\n`).join('')
}
