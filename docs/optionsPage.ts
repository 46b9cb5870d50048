/** The page of all options of a spec, made from the tables that declare them. */
import { grouped } from '../src/domain/grouped.ts'
import { type Option, wordsOf } from '../src/domain/option.ts'
import { kindsWith } from '../src/spec/format.ts'
import { groupTitles, optionGroups, sectionOf } from '../src/spec/groups.ts'

const members: Record<keyof typeof optionGroups, string> = {
  target: 'Members of `target`.',
  '': 'Members of the spec itself.',
  rejects: 'Members of `rejects`.',
  source: 'Members of `source` where it has a listing: folders and globs, prefixes of S3.',
  format:
    'Members of `format`. [csv.md](csv.md#how-a-file-is-written) and [ndjson.md](ndjson.md) say how what is absent is found.',
}

export const optionsHead =
  '| option | flag | what it says | if absent | example |\n|---|---|---|---|---|'

export function optionsPage(): string {
  const groups = Object.keys(optionGroups) as (keyof typeof optionGroups)[]
  const sections = groups.map((group) => {
    const rows = Object.entries<Option>(optionGroups[group]).map(([name, option]) => ({
      section: sectionOf(group, name) ?? groupTitles[group],
      row: optionRow(group === '' ? name : `${group}.${name}`, option, kindsOf(group, name)),
    }))
    const tables = [...grouped(rows, ({ section }) => section)].map(([section, those]) => {
      const heading = section === groupTitles[group] ? '' : `### ${section}\n\n`
      return `${heading}${optionsHead}\n${those.map(({ row }) => row).join('\n')}\n`
    })
    return `## ${groupTitles[group]}\n\n${members[group]}\n\n${tables.join('\n')}`
  })
  return `# Options of an ingest

Made by \`npm run docs\` from the tables that declare the options; do not edit.

A spec is what \`POST /v1/ingests\` takes. \`sluice ingest\` and \`sluice up\` make one of their flags; \`source\` is made
of their arguments. \`--dry-run\` shows what was given and what was found for a file.

${sections.join('\n')}`
}

const kindsOf = (group: string, name: string): string[] | null =>
  group === 'format' ? kindsWith(name) : null

/** @param kinds the formats that have it; null where that is not to be said */
export function optionRow(name: string, option: Option, kinds: readonly string[] | null): string {
  const { flag, absent, preset, isRequired, example } = option
  const words = wordsOf(option.schema)
  const said = words ? `${option.about}. One of ${list(words)}` : option.about
  const about = kinds ? `${said}. Only for ${list(kinds)}` : said
  const flags = [flag?.text, flag?.no?.text].filter((text) => text !== undefined)
  const usual = absent ?? (preset === undefined ? '' : `\`${preset}\``)
  const cells = [
    `\`${name}\``,
    list(flags),
    about,
    isRequired ? 'it is needed' : usual,
    example === undefined ? '' : `\`${example}\``,
  ]
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|') || '–').join(' | ')} |`
}

const list = (words: readonly string[]): string => words.map((word) => `\`${word}\``).join(', ')
