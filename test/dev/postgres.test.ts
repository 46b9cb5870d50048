/** Embedded PostgreSQL: real servers in folders of their own, stopped, killed and started again. */
import { once } from 'node:events'
import { chmod, mkdir, rm, stat } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname, join } from 'node:path'
import { Client } from 'pg'
import { expect, test } from 'vitest'
import { isFree } from '../../src/dev/port.ts'
import { databaseUrl } from '../../src/dev/postgres.ts'
import { inspect } from '../../src/dev/staleServer.ts'
import { anyPort, embedded, query } from './embedded.ts'

const timeout = 60_000
const isRoot = process.getuid?.() === 0
const { newHome, onEnd, start } = embedded()

test('keeps what was committed, and its url, over a stop and a kill', { timeout }, async () => {
  const home = await newHome()
  const port = await anyPort()
  const first = await start({ home, port })
  await query(first.url, 'create table kept (n int); insert into kept values (1)')
  await first.stop()

  const second = await start({ home, port })
  await query(second.url, 'insert into kept values (2)')
  await second.kill()

  const third = await start({ home, port })
  expect(third.url).toBe(first.url)
  expect(await query(third.url, 'select n from kept order by n')).toEqual([{ n: 1 }, { n: 2 }])
})

test('Sluice is no superuser, also on a folder where it was one', { timeout }, async () => {
  const home = await newHome()
  const port = await anyPort()
  const old = await start({ home, port })
  // As versions of before left it.
  await query(databaseUrl(old.adminUrl, 'postgres'), 'drop database sluice')
  await query(databaseUrl(old.adminUrl, 'postgres'), 'drop owned by sluice_user')
  await query(databaseUrl(old.adminUrl, 'postgres'), 'drop role sluice_user')
  await query(databaseUrl(old.adminUrl, 'postgres'), 'create database sluice')
  await query(
    old.adminUrl,
    `create schema sluice; create schema "My Own"; create type "My Own".mood as enum ('a');
     create table sluice.kept (n int generated always as identity, s serial, m "My Own".mood);
     insert into sluice.kept (m) values ('a'); create domain public.d as int;
     create view "My Own".seen as select * from sluice.kept;
     create sequence "My Own".counted; create table public.parts (n int) partition by list (n);
     create table public.part partition of public.parts default;
     create function sluice.f(a int, b text) returns int language sql as 'select 1';
     create procedure public.p() language sql as 'select 1'; create extension if not exists plpgsql`,
  )
  await rm(join(home, 'user-password'))
  await old.stop()
  const { url, adminUrl } = await start({ home, port })
  expect(new URL(url).username).toBe('sluice_user')
  const [rights] = await query(
    url,
    `select rolsuper, rolcreaterole, rolbypassrls, rolreplication,
            (select datdba = pg_roles.oid from pg_database where datname = current_database()) as owns
     from pg_roles where rolname = current_user`,
  )
  expect(rights).toEqual({
    rolsuper: false,
    rolcreaterole: false,
    rolbypassrls: false,
    rolreplication: false,
    owns: true,
  })
  await query(
    url,
    `insert into sluice.kept (m) values ('a'); drop function sluice.f(int, text);
     drop procedure public.p(); alter table public.parts add x int; alter view "My Own".seen rename to s;
     drop sequence "My Own".counted; alter domain public.d rename to e; drop schema "My Own" cascade;
     create schema more; set lc_messages = 'C'; create temporary table t (n int)`,
  )
  expect(await query(url, 'select n, s from sluice.kept order by n')).toEqual([
    { n: 1, s: 1 },
    { n: 2, s: 2 },
  ])
  await expect(query(url, 'select * from pg_authid')).rejects.toThrow(/permission denied/)
  await expect(query(url, 'alter role sluice_user superuser')).rejects.toThrow(/permission/)
  await expect(query(url, `copy (select 1) to program 'true'`)).rejects.toThrow(/permission/)
  expect(
    await query(adminUrl, 'select rolsuper from pg_roles where rolname = current_user'),
  ).toEqual([{ rolsuper: true }])
})

test('is durable, in UTF-8, and takes settings', { timeout }, async () => {
  const settings = { work_mem: '7MB', max_connections: '20' }
  const { url } = await start({ home: await newHome(), port: await anyPort(), settings })
  const [row] = await query(
    url,
    `select current_setting('fsync') as fsync,
            current_setting('synchronous_commit') as synchronous_commit,
            current_setting('server_encoding') as encoding,
            current_setting('work_mem') as work_mem,
            current_setting('max_connections') as max_connections,
            current_database() as database,
            upper('é') as upper`,
  )
  expect(row).toEqual({
    fsync: 'on',
    synchronous_commit: 'on',
    encoding: 'UTF8',
    work_mem: '7MB',
    max_connections: '20',
    database: 'sluice',
    upper: 'É',
  })
  expect(await query(databaseUrl(url, 'postgres'), 'select current_database() as name')).toEqual([
    { name: 'postgres' },
  ])
})

test('leaves no process and no port behind when it stops', { timeout }, async () => {
  const server = await start({ home: await newHome(), port: await anyPort() })
  const client = new Client({ connectionString: server.url })
  client.on('error', () => {})
  await client.connect()
  const [{ pid: backend }] = (await client.query('select pg_backend_pid() as pid')).rows

  await server.stop()
  expect(await inspect(server.pid)).toBeNull()
  expect(await inspect(backend)).toBeNull()
  expect(await isFree(server.port)).toBe(true)
  expect(await server.exited).toEqual({ code: 0, signal: null })
  await server.stop()
})

test('steps over a port that is taken', { timeout }, async () => {
  const port = await anyPort()
  const other = createServer().listen(port, '127.0.0.1')
  onEnd(async () => other.close())
  await once(other, 'listening')

  const server = await start({ home: await newHome(), port })
  expect(server.port).toBeGreaterThan(port)
})

test('two that want the same port at the same time both start', { timeout }, async () => {
  const port = await anyPort()
  const homes = [await newHome(), await newHome()]
  const [a, b] = await Promise.all(homes.map((home) => start({ home, port })))
  expect(a!.port).not.toBe(b!.port)
  for (const server of [a!, b!]) {
    const [row] = await query(server.adminUrl, "select current_setting('data_directory') as dir")
    expect(row).toEqual({ dir: server.dataDir })
  }
})

test.runIf(isRoot)('root keeps the data where the server may go', { timeout }, async () => {
  const folder = dirname(await newHome())
  const home = join(folder, 'closed', 'postgres')
  await mkdir(home, { recursive: true })
  await chmod(dirname(home), 0o700)

  const first = await start({ home, port: await anyPort() })
  onEnd(() => rm(dirname(first.dataDir), { recursive: true, force: true }))
  expect(first.dataDir.startsWith(folder)).toBe(false)
  expect(first.notes.join()).toContain(dirname(first.dataDir))
  await query(first.url, 'create table kept as select 1 as n')
  await first.kill()
  const second = await start({ home, port: await anyPort() })
  expect(await query(second.url, 'select n from kept')).toEqual([{ n: 1 }])
  await second.kill()

  // Somebody who deletes the home wants to begin again.
  onEnd(() => rm(`${dirname(first.dataDir)}.old`, { recursive: true, force: true }))
  await rm(home, { recursive: true })
  const third = await start({ home, port: await anyPort() })
  expect(await query(third.url, "select to_regclass('kept') as kept")).toEqual([{ kept: null }])
  await third.kill()

  // Nothing stays behind of a home in the temporary folder.
  await rm(folder, { recursive: true })
  const other = join(dirname(await newHome()), 'closed', 'postgres')
  await mkdir(other, { recursive: true })
  await chmod(dirname(other), 0o700)
  const fourth = await start({ home: other, port: await anyPort() })
  onEnd(() => rm(dirname(fourth.dataDir), { recursive: true, force: true }))
  await expect(stat(dirname(first.dataDir))).rejects.toThrow('ENOENT')
})
