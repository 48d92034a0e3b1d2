/** Letters that one of two words has and the other has not: slips of the fingers swap, drop or double some. */
function lettersApart(one, other) {
  const left = [...other]
  let apart = 0
  for (const letter of one) {
    const at = left.indexOf(letter)
    if (at < 0) apart += 1
    else left.splice(at, 1)
  }
  return apart + left.length
}

/** The one of `names` that `word` was likely meant to be, or undefined where none is near. */
function meant(word, names) {
  const apart = names.map((name) => lettersApart(word.toLowerCase(), name))
  const least = Math.min(...apart)
  return least <= 2 ? names[apart.indexOf(least)] : undefined
}

/** That there is no `what` of the name `word`, and which one was likely meant. */
export function sayMissing(what, word, names) {
  const near = meant(word, names)
  return `there is no ${what} ${JSON.stringify(word)}${near === undefined ? '' : `; did you mean ${near}?`}`
}

/** For who has named no command that there is: what was meant, and every command. */
export function sayCommands(word, names) {
  const first = word === undefined ? 'no command is named' : sayMissing('command', word, names)
  return `${first}\nnpm run COMMAND, where COMMAND is one of: ${names.join(', ')}`
}
