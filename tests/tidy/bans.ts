interface Ban {
  readonly pattern: RegExp
  readonly instead: string
  /** Paths that the ban is for; all when absent. */
  readonly only?: RegExp
}

const codeOnly = /\.(ts|mjs)$/

/** What may not be written here, with what to write instead. */
export const bans: readonly Ban[] = [
  { pattern: /\bTODO\b|\bFIXME\b|\bXXX\b/, instead: 'do it now, or write it down in CHANGELOG.md as missing' },
  {
    pattern: /\bconsole\.(log|debug|info)\(/,
    instead: 'write to process.stdout or process.stderr in a composition root, or take a logger',
    only: /^(?!.*\.test\.).*\.(ts|mjs)$/,
  },
  { pattern: /: any(\[\])?\s*([,;)=\]}]|$)|<any>|\bas any\b/, instead: 'unknown, then narrow', only: codeOnly },
  { pattern: /@ts-(ignore|nocheck)/, instead: 'fix the type', only: codeOnly },
  { pattern: /\b(test|it|describe)\.only\(/, instead: 'run one file instead', only: codeOnly },
  {
    pattern: /Math\.random\(/,
    instead: 'node:crypto, or a seeded generator given as an argument',
    only: /^(?!console|infra|media\/sample).*\.(ts|mjs)$/,
  },
  { pattern: /\bchunkify|thumbnailer\b/i, instead: 'rendition, ladder, chunk: the terms of the field' },
  { pattern: /\bwhitelist\b(?!_|`)|\bblacklist\b/i, instead: 'allow-list, block-list', only: /\.md$/ },
  {
    pattern: /registry\.npmjs\.org|proxy\.golang\.org|repo1\.maven\.org|deb\.debian\.org/,
    instead: 'name no registry host: the clients know theirs',
  },
  { pattern: /\/work\/|\.\.\/shared\b/, instead: 'paths of one machine do not belong here' },
]
