/** Words that stand for NULL, in files of any format. */

/**
 * Words that stand for NULL beside numbers, dates and the like, as spreadsheets, databases and
 * languages write them. An empty text, or blanks alone, is one too. `[null]` is none: it is a list of
 * JSON with a null in it.
 */
export const nullWords: ReadonlySet<string> = new Set([
  '',
  ...'- -- . .. ? NA na N/A n/a N.A. n.a. #N/A #NA <NA> NULL Null null <NULL> <null>'.split(' '),
  ...'(NULL) (null) [NULL] #NULL! \\N NIL Nil nil NONE None none NaN nan NAN'.split(' '),
  ...'-NaN -nan 1.#QNAN -1.#QNAN 1.#IND -1.#IND NaT NAT N/D n/d ND nd'.split(' '),
  '#N/A N/A',
])

export const isNullWord = (text: string): boolean => nullWords.has(text)
