/** What tells one state of a local file from another. */

/** Changes with every write, and when another file takes the name; not with a new link to it. */
export const versionOf = (stats: { ino: bigint; mtimeNs: bigint }): string =>
  `${stats.ino}-${stats.mtimeNs}`
