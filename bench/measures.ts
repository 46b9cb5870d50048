/** The measures that stand by themselves, by name. */
import { type BurstPart, burst } from './burst.ts'
import { type FilesPart, files } from './files.ts'
import { type FormatsPart, formats } from './formats.ts'
import { type GrowthPart, growth } from './growth/measure.ts'
import { type KillPart, kill } from './kill/measure.ts'
import { type ModesPart, modes } from './modes/measure.ts'
import type { MeasureName } from './options.ts'
import type { Measure } from './part.ts'
import { type RecordPart, record } from './record.ts'
import { type SizePart, size } from './size.ts'
import { type SourcesPart, sources } from './sources.ts'
import { type ToldPart, told } from './told.ts'

export interface Parts {
  size: SizePart
  files: FilesPart
  record: RecordPart
  growth: GrowthPart
  kill: KillPart
  burst: BurstPart
  told: ToldPart
  formats: FormatsPart
  sources: SourcesPart
  modes: ModesPart
}

export const measures: { [Name in MeasureName]: Measure<Parts[Name]> } = {
  size,
  files,
  record,
  growth,
  kill,
  burst,
  told,
  formats,
  sources,
  modes,
}
