/** Work on a list of things, some at once, with the results in their order. */

/**
 * Begins with up to `width` items before the first result is asked for. When one fails, or the
 * caller wants no more of them, it ends after those that were begun.
 */
export async function* mapOrdered<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  width: number,
  work: (item: T) => Promise<R>,
): AsyncGenerator<R> {
  const source = iteratorOf(items)
  const begun: Promise<R>[] = []
  let atEnd = false
  try {
    while (true) {
      while (!atEnd && begun.length < width) {
        const next = await source.next()
        if (next.done) atEnd = true
        else {
          const result = work(next.value)
          // An error is thrown when the result is awaited: not as an unhandled rejection.
          result.catch(() => {})
          begun.push(result)
        }
      }
      const first = begun.shift()
      if (!first) return
      yield await first
    }
  } finally {
    await Promise.allSettled(begun)
    await source.return?.()
  }
}

const iteratorOf = <T>(items: Iterable<T> | AsyncIterable<T>): Iterator<T> | AsyncIterator<T> =>
  Symbol.asyncIterator in items ? items[Symbol.asyncIterator]() : items[Symbol.iterator]()
