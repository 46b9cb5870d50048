/** Counts as people read them. */

/** `1,234`. */
export const number = (value: number): string => value.toLocaleString('en-US')

/** `1 row`, `2 rows`. */
export const plural = (value: number, one: string, several = `${one}s`): string =>
  `${number(value)} ${value === 1 ? one : several}`
