/** What every kind of source can do. One file a kind; the table of them is in index.ts. */
import type { TSchema } from 'typebox'
import type { Connections } from '../connections/index.ts'
import type { Only } from '../domain/membersPath.ts'
import type { SelectionOptions } from '../domain/selection.ts'
import type { ListedFile } from '../domain/words.ts'
import type { Transport } from '../http/transport.ts'
import type { FileState, FoundFile, OpenFile } from '../io/openFile.ts'

/** One kind of source: what a spec can say of it, and how it is opened. */
export interface SourceKind<Options> {
  /** The options of a spec, `kind` among them. */
  options: TSchema
  /** What its files are called in messages, and what routes go by. */
  paths(options: Options): string[]
  /** Tells files that the client itself names by their names; absent if these are the paths. */
  named?(options: Options): (name: string) => boolean
  /** Begin the addresses that stand for such a source on the command line; absent for none. */
  schemes?: readonly string[]
  /** What such addresses say, with what was given beside them. @throws usage_invalid */
  ofAddresses?(addresses: string[], given: Given): Options
  /** The options as people may see them; absent if they have no secret. */
  shown?(options: Options): Options
  /** Checks what the schema cannot say. @throws spec_invalid, source_unsupported */
  checkOptions?(options: Options): void
  /** Checks, before the ingest is entered, that there is something to read. */
  check?(options: Options, deps: Pick<SourceDeps, 'uploads'>): Promise<void>
  /** It reads with the rights of the worker: an API that has a token asks for it. */
  needsToken: boolean
  /** The format that all its bytes are made for; absent where files of any are found. */
  madeFor?: string
  open(options: Options, deps: SourceDeps): Source
}

/** What is said on a command line beside addresses. */
export interface Given {
  connection?: string | undefined
  query?: string | undefined
  /** Which files of a listing are meant. */
  selection?: SelectionOptions
}

/** What sources work with. */
export interface SourceDeps {
  /** Folders that may be read. */
  roots: string[]
  uploads: UploadedFiles
  /** Asks servers, none of them on an address that may not be reached. */
  transport: Transport
  connections: Connections
  /** Which of these types the database of the target knows. */
  knownTypes(types: readonly string[]): Promise<ReadonlySet<string>>
}

/** The uploads of the stage, as far as a source needs them. */
export interface UploadedFiles {
  stat(name: string): Promise<Omit<FoundFile, 'name'> | null>
  open(file: FileState, signal: AbortSignal): Promise<OpenFile>
  sha256(upload: { name: string; version: string }): Promise<string | null>
}

/** A file that was found; files are ordered by place, then by name. */
export interface Found extends ListedFile, FoundFile {
  place: number
  /** Those of its members that are meant; absent for a file, or all of its members. */
  only?: Only
}

export type OnLeftOut = (name: string, why: string) => void

export interface Source {
  /**
   * The files as they are found, folders left out; one that is named twice may come twice.
   * @param onLeftOut hears of what belongs to the source and is not listed
   * @throws source_empty, path_not_allowed, upload_not_found, file_unreadable
   */
  list(signal: AbortSignal, onLeftOut?: OnLeftOut): AsyncIterable<Found>
  /**
   * Opens a listed file. An abort ends its reading too.
   * @throws file_vanished, file_changed, file_unreadable
   */
  open(file: ListedFile, signal: AbortSignal): Promise<OpenFile>
  /** What the bytes of a listed file hash to, in hex, if that is known without reading them. */
  sha256?(file: ListedFile): Promise<string | null>
}
