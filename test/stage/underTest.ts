/** A stage, as the conformance suite looks at it. */
import type { UploadLimits } from '../../src/domain/upload.ts'
import type { Stage } from '../../src/stage/stage.ts'

export interface StageUnderTest {
  /** Opens it, as another process would. */
  open(options?: { uploads?: UploadLimits }): Stage
  /** What lies there of an ingest: files or objects. */
  left(ingestId: string): Promise<string[]>
  /** Writes over one of them, as somebody else would, with as many other bytes. */
  overwrite(ingestId: string, name: string): Promise<void>
  remove(ingestId: string, name: string): Promise<void>
}
