import { readFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'

/** What a module takes from others of this code; what it takes of Node stays as it is. */
const IMPORTED = /(?<=^(?:import|\}) .*from )'(\.[^']+)'/gm

/**
 * A module, and what it imports, as one URL that holds their text without types: for threads of which many are started.
 * Each that starts from a file strips it and all that it imports anew, by a stripper of its own, which takes more time
 * and memory than the thread itself.
 * @param url of a file; what it imports of this code are files too, and none of them imports another in a circle
 */
export function plainModule(url: URL): URL {
  const text = stripTypeScriptTypes(readFileSync(url, 'utf8'))
  const whole = text.replace(IMPORTED, (_, path: string) => JSON.stringify(plainModule(new URL(path, url)).href))
  return new URL(`data:text/javascript,${encodeURIComponent(whole)}`)
}
