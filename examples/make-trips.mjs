/**
 * Makes examples/trips.csv: a few thousand trips, and seven rows that nobody can load.
 *
 * The same file at every run. See README.md for what is wrong with which row.
 */
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'

const rowCount = 4000
const header = 'trip_id,started_at,finished_at,vehicle,city,distance_km,fare,paid_by_card,note'

const cities = [
  'Zürich',
  'Kraków',
  'São Paulo',
  '東京',
  'Reykjavík',
  'Łódź',
  'New York, NY',
  'Αθήνα',
]
const vehicles = ['bike', 'scooter', 'cab', 'van']
const notes = [
  '',
  '',
  '',
  'round trip',
  'he said "keep the change"',
  'two stops:\nstation, then airport',
  'naïve café 🚲',
  ' spaces matter ',
]

/** What stands in place of a good row, by its number. */
const badRows = {
  1012: (id) => `${id},2026-03-01 08:15:00,2026-03-01 08:31:00,bike,Zürich,4.2,n/a,true,`,
  1377: (id) => `${id},2026-02-30 10:00:00,2026-02-30 10:20:00,cab,Kraków,7.9,18.40,false,`,
  1730: (id) => `${id},2026-04-02 12:00:00,2026-04-02 12:09:00,scooter`,
  2101: (id) =>
    `${id},2026-04-09 17:45:00,2026-04-09 18:02:00,van,Łódź,11.3,24.00,true,late,very late`,
  2750: (id) =>
    `${id},2026-05-11 06:30:00,2026-05-11 06:44:00,bike,Reykjavík,3.1,5.20,true,"no end`,
  3333: (id) =>
    Buffer.concat([
      Buffer.from(`${id},2026-06-01 09:00:00,2026-06-01 09:25:00,cab,Malm`),
      Buffer.from([0xf6]), // An ö as Latin-1 has it.
      Buffer.from(',9.8,21.75,false,'),
    ]),
  3871: (id) => `${id},2026-06-20 20:10:00,2026-06-20 20:30:00,van,東京,12.5,30.00,maybe,`,
}

/** mulberry32: small, and the same everywhere. */
function createRandom(seed) {
  let state = seed
  return () => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296
  }
}

const random = createRandom(20260101)
const pick = (list) => list[Math.floor(random() * list.length)]
const field = (text) => (/[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text)
const time = (ms) => new Date(ms).toISOString().slice(0, 19).replace('T', ' ')
const firstMs = Date.UTC(2026, 0, 1)

function goodRow(number, id) {
  const startMs = firstMs + number * 3_900_000 + Math.floor(random() * 3_600_000)
  const minutes = 3 + random() * 50
  const distance = minutes * (0.15 + random() * 0.4)
  const fare = random() < 0.03 ? '' : (2.5 + distance * 1.6).toFixed(2)
  const cells = [
    String(id),
    time(startMs),
    time(startMs + minutes * 60_000),
    pick(vehicles),
    pick(cities),
    distance.toFixed(1),
    fare,
    String(random() < 0.7),
    pick(notes),
  ]
  return cells.map(field).join(',')
}

const rows = Array.from({ length: rowCount }, (_, index) => {
  const number = index + 1
  const good = goodRow(number, 100_000 + number)
  return badRows[number]?.(100_000 + number) ?? good
})
const lines = [header, ...rows].flatMap((row) => [Buffer.from(row), Buffer.from('\n')])
writeFileSync(join(import.meta.dirname, 'trips.csv'), Buffer.concat(lines))
