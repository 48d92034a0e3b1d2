// Progress goes to stderr: stdout belongs to the program that is started afterwards.
export function say(what, sentence) {
  process.stderr.write(`[setup] ${what}: ${sentence}\n`)
}
