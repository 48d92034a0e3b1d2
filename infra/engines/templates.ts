/** Fills `@WORD@` of a configuration file. A word without a value, and a value without its word, are mistakes of ours. */
export function render(template: string, values: Readonly<Record<string, string | number>>): string {
  const unused = new Set(Object.keys(values))
  const text = template.replaceAll(/@([A-Z][A-Z_]*)@/g, (_, word: string) => {
    const value = values[word]
    if (value === undefined) throw new Error(`a template asks for @${word}@, which nothing fills in`)
    unused.delete(word)
    return String(value)
  })
  if (unused.size > 0) throw new Error(`a template does not ask for ${[...unused].join(', ')}`)
  return text
}
