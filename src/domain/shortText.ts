/** Texts for the Temporal Web UI: short and without control characters, whatever files are named. */
import { visibleText } from './visible.ts'

const charsMax = 80

/** One line. The end of a long one is kept, which tells the names of files apart. */
export function shortText(text: string, max = charsMax): string {
  const isLong = text.length > max
  const end = isLong ? text.slice(1 - max) : text
  // A character outside of the first plane may have been cut in two.
  const whole = end.replace(/^[\udc00-\udfff]/, '')
  const shown = visibleText(isLong ? `…${whole}` : whole)
  return shown.length > 2 * max ? `${shown.slice(0, 2 * max - 1)}…` : shown
}

/** `812 B`, `366 kB`, `5.7 MB`. */
export function shortSize(bytes: number): string {
  if (bytes < 1000) return `${bytes} B`
  if (bytes < 1e6) return `${Math.round(bytes / 1000)} kB`
  return `${(bytes / 1e6).toFixed(bytes < 1e8 ? 1 : 0)} MB`
}

const acting = /[\\`*_{}[\]<>#|!~]/g

/** Text within Markdown: nothing in it acts as such. Of a long one the beginning is kept. */
export function inMarkdown(text: string, max: number): string {
  const whole = text.slice(0, max).replace(/[\ud800-\udbff]$/, '')
  return visibleText(text.length > max ? `${whole}…` : whole).replace(acting, '\\$&')
}
