/** Steps for the tests. What they do leaves a line in `runs.log`, next to the source's files. */
import { appendFile, readFile, symlink, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { gzipSync } from 'node:zlib'
import { defineStep, type StepContext, type StepFile } from 'sluice'

const note = (file: StepFile, what: string) =>
  appendFile(join(dirname(file.name), 'runs.log'), `${what} ${file.fileNo}\n`)

const isThere = (path: string) =>
  readFile(path).then(
    () => true,
    () => false,
  )

/** Takes its time until there is a file `go` next to the source's files. */
async function untilGo(file: StepFile, { signal }: StepContext): Promise<void> {
  while (!(await isThere(join(dirname(file.name), 'go')))) await sleep(50, null, { signal })
}

const text = (file: StepFile) => readFile(file.path, 'utf8')

export const steps = [
  defineStep({
    name: 'upper',
    async run(file, { scratch }) {
      await note(file, 'upper')
      const path = join(scratch, 'upper.csv')
      await writeFile(path, (await text(file)).toUpperCase())
      return { file: path, result: { chars: (await text(file)).length } }
    },
  }),
  defineStep({
    name: 'double',
    async run(file, { scratch }) {
      await note(file, 'double')
      const [head, ...lines] = (await text(file)).trimEnd().split('\n')
      await writeFile(join(scratch, 'double.csv'), [head, ...lines, ...lines, ''].join('\n'))
      return { file: 'double.csv' }
    },
  }),
  defineStep({
    name: 'pack',
    async run(file, { scratch }) {
      const path = join(scratch, 'packed')
      await writeFile(path, gzipSync(Buffer.from(`\ufeff${await text(file)}`, 'utf16le')))
      return { file: path }
    },
  }),
  ...['as_named', 'as_named_soon'].map((name) =>
    defineStep({
      name,
      softTimeout: name === 'as_named' ? '1m' : '2s',
      retry: { initialInterval: '10ms' },
      async run(file, context) {
        const [, what = 'does'] = /-(\w+)\.csv$/.exec(file.name) ?? []
        await note(file, what)
        const { attempt } = context
        if (what === 'throws' && attempt === 1) throw new Error('not yet')
        if (what === 'hangs' && attempt === 1) await sleep(600_000, null, { ref: false })
        if (what === 'kills' && attempt <= 2) process.kill(process.pid, 'SIGKILL')
        if (what === 'waits') await untilGo(file, context)
        return { result: file.fileNo }
      },
    }),
  ),
  defineStep({
    name: 'compute',
    run(file) {
      const until = Date.now() + 10_000
      while (Date.now() < until);
      return { result: file.fileNo }
    },
  }),
  defineStep({
    name: 'slow',
    async run(file, context) {
      await note(file, 'slow starts')
      await writeFile(join(context.scratch, 'left'), 'behind')
      context.progress('waits')
      await untilGo(file, context)
      await note(file, 'slow ends')
      return { result: { attempt: context.attempt } }
    },
  }),
  defineStep({
    name: 'deaf',
    async run(file) {
      await note(file, 'deaf starts')
      await sleep(600_000, null, { ref: false })
    },
  }),
  defineStep({
    name: 'throws',
    retry: { maximumAttempts: 3, initialInterval: '10ms' },
    async run(file) {
      await note(file, 'throws')
      throw new Error(`no luck with ${await text(file)}`)
    },
  }),
  defineStep({
    name: 'full',
    retry: { maximumAttempts: 1, initialInterval: '1ms', maximumInterval: '1ms' },
    async run(file, { attempt }) {
      const problem = 'no space left on device'
      if (attempt < 4) throw Object.assign(new Error(problem), { code: 'ENOSPC' })
      await note(file, 'full no more')
    },
  }),
  defineStep({
    name: 'gives_up',
    run() {
      throw Object.assign(new Error('never'), { retryable: false })
    },
  }),
  defineStep({
    name: 'overdue',
    timeout: '5s',
    softTimeout: '300ms',
    retry: { initialInterval: '10ms' },
    run: (_, { signal }) => sleep(60_000, undefined, { signal }),
  }),
  defineStep({
    name: 'links',
    async run(file, { scratch }) {
      await symlink('/etc/passwd', join(scratch, 'link'))
      await note(file, 'links')
      return { file: 'link' }
    },
  }),
  defineStep({ name: 'outside', run: (file) => ({ file: file.path }) }),
  defineStep({ name: 'unknown_key', run: () => ({ rows: 1 }) as never }),
  defineStep({ name: 'too_large', run: () => ({ result: 'x'.repeat(70_000) }) }),
  defineStep({ name: 'nul', run: () => ({ result: 'a\u0000b' }) }),
]
