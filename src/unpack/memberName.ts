/** The names of members, whatever they look like: nothing is ever written under them. */

/** No path of Linux is longer. */
export const nameBytesMax = 4096

/** A NUL byte is the one character that the ledger cannot keep. */
export const nameOf = (name: string): string => name.replaceAll('\0', '\ufffd')
