/** The options of a spec by the member of the spec that they stand in. */
import type { Option } from '../domain/option.ts'
import { selectionOptions } from '../domain/selection.ts'
import { formatOptions, kindsWith } from './format.ts'
import { ingestOptions, rejectsOptions } from './spec.ts'
import { targetOptions, targetSections } from './target.ts'

/** In the order of the help and of the reference page. '' stands for the spec itself. */
export const optionGroups = {
  target: targetOptions,
  '': ingestOptions,
  rejects: rejectsOptions,
  format: formatOptions,
  source: selectionOptions,
}

/** What the reference page calls them. */
export const groupTitles: Record<keyof typeof optionGroups, string> = {
  target: 'The target',
  '': 'The ingest',
  rejects: 'Rejects',
  format: 'How files are written',
  source: 'Which files',
}

/** The heading in a group under which an option stands; null where the group has no headings. */
export function sectionOf(group: keyof typeof optionGroups, name: string): string | null {
  if (group !== 'target') return null
  const sections = Object.entries(targetSections)
  return sections.find(([, options]) => name in options)?.[0] ?? null
}

/** What the help calls them: options that only some formats have stand by themselves. */
export function titleOf(group: keyof typeof optionGroups, name: string): string {
  const section = sectionOf(group, name)
  if (section !== null) return section
  const kinds = group === 'format' ? kindsWith(name) : null
  const title = groupTitles[group]
  return kinds ? `${title}, with --format ${kinds.join(' or ')}` : title
}

/** Puts the flags behind the members of a spec that a message names: `target.key (\`--key\`)`. */
export const withFlags = (message: string): string =>
  message.replace(/\b(target|rejects|format|source)\.(\w+)\b/g, (member, group, name) => {
    const options: Record<string, Option> = optionGroups[group as keyof typeof optionGroups]
    const flag = Object.hasOwn(options, name) ? options[name]?.flag : undefined
    return flag ? `${member} (\`${flag.text.split(' ')[0]}\`)` : member
  })
