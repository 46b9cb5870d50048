/** The keys of a file's records: the one that is expected, or any that is known. */
import { fieldsMax, keys, keyTextBytes, keyTexts, slotCount, slots } from './layout'

/** A key that shares its place with so many others is for the careful look. */
const probesMax = 8

export let keyCount: i32 = 0
let textEnd: usize = keyTexts

export function forgetKeys(): void {
  memory.fill(slots, 0, usize(slotCount) * 4)
  keyCount = 0
  textEnd = keyTexts
}

/** @returns where the text of the next key is to be put; 0 when there is no room for it */
export function roomFor(size: i32): usize {
  const hasRoom = textEnd + usize(size) + 16 <= keyTexts + keyTextBytes
  return hasRoom && keyCount < fieldsMax ? textEnd : 0
}

/** Takes the key that was put there, with its quotes and a colon; a size of 0 for one with escapes. */
export function addKey(size: i32): void {
  const entry = keys + usize(keyCount) * 8
  store<u32>(entry, u32(textEnd))
  store<i32>(entry, size, 4)
  keyCount++
  if (size === 0) return
  const first = hashOf(textEnd + 1, size - 3)
  for (let probe = 0; probe < probesMax; probe++) {
    const slot = slotAt(first + probe)
    if (load<i32>(slot) !== 0) continue
    store<i32>(slot, keyCount)
    break
  }
  textEnd += usize(size)
}

function slotAt(hash: u32): usize {
  return slots + usize(hash & u32(slotCount - 1)) * 4
}

function hashOf(at: usize, size: i32): u32 {
  let hash: u32 = 0x811c9dc5
  for (let index: usize = 0; index < usize(size); index++) {
    hash = (hash ^ u32(load<u8>(at + index))) * 0x01000193
  }
  return hash ^ (hash >> 15)
}

/** @returns how many bytes the key of a field takes there, its colon included; 0 when it is another one */
export function keyAt(at: usize, field: i32): usize {
  if (field >= keyCount) return 0
  const entry = keys + usize(field) * 8
  const size = usize(load<i32>(entry, 4))
  return isSame(at, usize(load<u32>(entry)), size) ? size : 0
}

/** @returns the field of a key between quotes; -1 when it is not known */
export function fieldOf(at: usize, size: i32): i32 {
  const first = hashOf(at, size)
  for (let probe = 0; probe < probesMax; probe++) {
    const found = load<i32>(slotAt(first + probe))
    if (found === 0) return -1
    const entry = keys + usize(found - 1) * 8
    if (load<i32>(entry, 4) !== size + 3) continue
    if (isSame(at - 1, usize(load<u32>(entry)), usize(size) + 2)) return found - 1
  }
  return -1
}

function isSame(at: usize, text: usize, size: usize): bool {
  let index: usize = 0
  for (; index + 16 <= size; index += 16) {
    if (same(at + index, text + index) !== 0xffff) return false
  }
  const rest = (1 << i32(size - index)) - 1
  return (same(at + index, text + index) & rest) === rest
}

/** A bit for each of 16 bytes that is the same. */
function same(one: usize, other: usize): i32 {
  return i8x16.bitmask(i8x16.eq(v128.load(one), v128.load(other)))
}
