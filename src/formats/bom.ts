/** The mark that some programs write in front of UTF-8. */
const bom = Buffer.from('\ufeff')

/** How many bytes it takes; 0 where it is not. */
export const bomBytes = (bytes: Buffer): number =>
  bytes.subarray(0, bom.length).equals(bom) ? bom.length : 0
