/**
 * Files that lie beside data and are none: what systems leave behind, and what is written for
 * people. A folder, a glob or an archive brings them along; they never decide how others are read.
 */

const leftBySystems = /^(\.ds_store|thumbs\.db|ehthumbs\.db|desktop\.ini|\._.*|~\$.*)$/i

const forPeople =
  /^(readme|licen[cs]e|copying|notice|changelog|changes|authors|contributors|contributing)([_-][^.]*)?(\.(txt|text|md|markdown|rst|adoc|html?|pdf|rtf))?$/i

const documents =
  /\.(md|markdown|rst|adoc|pdf|html?|rtf|docx?|pptx?|odt|png|jpe?g|gif|svg|webp|bmp|ico)$/i

export interface NamedFile {
  /** A path, with the member of an archive behind it. */
  name: string
  /** The member of an archive that it is. */
  member?: string | null
}

/** Why a file is no data by its name alone; null when it may be. */
export function clutterOf({ name, member }: NamedFile): string | null {
  const parts = (member ?? name).split(/[/\\]/)
  const own = parts.at(-1) as string
  if (leftBySystems.test(own) || parts.includes('__MACOSX')) return 'left behind by a system'
  // In a folder a hidden file is met only by a glob that asks for it.
  if (member != null && parts.some(isHidden)) return 'hidden'
  return forPeople.test(own) || documents.test(own) ? 'a document' : null
}

const isHidden = (part: string): boolean => part.startsWith('.') && part !== '.' && part !== '..'
