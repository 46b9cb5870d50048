/** Shows how an ingest comes along: a bar on a terminal, plain lines elsewhere. */

import { createBar } from './bar.ts'
import type { IngestEvent } from './client.ts'
import { colors, isPlain } from './colors.ts'
import { again, leftOut, plural, size } from './text.ts'

export interface Progress {
  show(view: IngestEvent): void
  /** Leaves what was shown as it is. */
  stop(): void
}

/** The share of the way that each part of it takes, by experience. */
const stageShare = 0.15
const loadShare = 0.8

/** How much of the files is loaded; the units are those of the files that are staged. */
const loadedShare = ({ filesStaged, files, unitsLoaded, units }: IngestEvent): number =>
  units > 0 ? (filesStaged / files) * (unitsLoaded / units) : 0

function shareOf(view: IngestEvent): number {
  if (view.state === 'completed') return 1
  if (view.files === 0) return 0
  return (view.filesStaged / view.files) * stageShare + loadedShare(view) * loadShare
}

function bytesOf(view: IngestEvent): string {
  const { sizeBytes } = view
  if (!sizeBytes) return ''
  const done = sizeBytes * loadedShare(view)
  return `${size(Math.round(done))} of ${size(sizeBytes)}`
}

/** Something is wrong or missing, and the ingest waits for it. */
function troubleOf({ waiting, retrying: [first] }: IngestEvent): string {
  if (waiting) return colors.yellow(waiting)
  return first ? `${first.activity}, attempt ${first.attempt}: ${first.error.slice(0, 120)}` : ''
}

const stepOf = ({ state, phase }: IngestEvent): string =>
  state === 'running' && phase ? phase : state

export function createProgress(isJson: boolean): Progress {
  if (isJson) return { show() {}, stop() {} }
  return isPlain(process.stderr) ? lines() : bar()
}

function bar(): Progress {
  const shown = createBar({
    format: '  {step} {bar} {rows} · {left}{more}',
    barCompleteChar: '█',
    barIncompleteChar: '░',
    barsize: 24,
    fps: 20,
  })
  const payload = (view: IngestEvent) => ({
    step: stepOf(view).padEnd(9),
    rows: plural(view.rowsLoaded, 'row'),
    left: leftOut(view),
    more: [again(view), bytesOf(view), troubleOf(view)]
      .map((part) => part && ` · ${part}`)
      .join(''),
  })
  let started = false
  return {
    show(view) {
      if (!started) shown.start(1, 0, payload(view))
      started = true
      shown.update(shareOf(view), payload(view))
    },
    stop: () => started && shown.stop(),
  }
}

const lineEveryMs = 5000

/** A line when the phase or what it waits for changes, and now and then in between. */
function lines(): Progress {
  let last = ''
  let lastMs = 0
  return {
    show(view) {
      const step = stepOf(view)
      if (view.endedAt) return
      const now = `${step} ${view.waiting}`
      if (now === last && performance.now() - lastMs < lineEveryMs) return
      last = now
      lastMs = performance.now()
      const rows = `${plural(view.rowsLoaded, 'row')}, ${leftOut(view)}`
      const parts = [step.padEnd(9), rows, again(view), bytesOf(view), troubleOf(view)]
      console.log(`  ${parts.filter(Boolean).join('  ')}`)
    },
    stop() {},
  }
}
