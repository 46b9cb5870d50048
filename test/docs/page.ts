/** Reads a page of docs/ as a reader does: its fenced blocks are commands, and what they print. */

export interface Fence {
  /** `sh`, `sql`, `text`, … */
  language: string
  body: string
  /** Offsets of the body in the page. */
  start: number
  end: number
}

export function fencesOf(page: string): Fence[] {
  return [...page.matchAll(/^```(\w+)\n([\s\S]*?)^```$/gm)].map(
    ({ index, 0: whole, 1: word, 2: body }) => {
      const end = index + whole.length - '```'.length
      return {
        language: word as string,
        body: body as string,
        start: end - (body as string).length,
        end,
      }
    },
  )
}

/**
 * Runs the commands of a page in order, and writes the page again with what they printed.
 *
 * A `text` block has the output of the block before it. One that differs in nothing but times
 * stays as it is.
 */
export async function played(
  page: string,
  run: (fence: Fence) => Promise<string>,
): Promise<string> {
  let result = ''
  let written = 0
  let output: string | null = null
  for (const fence of fencesOf(page)) {
    if (fence.language !== 'text') {
      output = await run(fence)
      continue
    }
    if (output === null) throw new Error(`no command before this output:\n${fence.body}`)
    const isSame = withoutTimes(output) === withoutTimes(fence.body)
    result += page.slice(written, fence.start) + (isSame ? fence.body : output)
    written = fence.end
    output = null
  }
  return result + page.slice(written)
}

const withoutTimes = (text: string): string => text.replaceAll(/\d+(\.\d+)? m?s\b/g, '<time>')
