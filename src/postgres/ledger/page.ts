/**
 * What a page of a listing may have, beside its rows. Its first row is always there, whatever it
 * has; a reject may have as many bytes as the longest record.
 */
export const pageBytesMax = 4 * 1024 * 1024
