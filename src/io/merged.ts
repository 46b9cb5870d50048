/** Several producers of chunks as one: each waits until its chunk is taken. */

interface Offered<T> {
  value: T
  taken(): void
}

/**
 * The values of all producers, in the order in which they come. The first error ends it.
 * @param producers start when the first value is asked for
 */
export async function* merged<T>(producers: readonly AsyncIterable<T>[]): AsyncGenerator<T> {
  const offered: Offered<T>[] = []
  let wake = () => {}
  let left = producers.length
  let failure: { error: unknown } | null = null
  let isOver = false
  const run = async (producer: AsyncIterable<T>) => {
    for await (const value of producer) {
      if (isOver) return
      await new Promise<void>((resolve) => {
        offered.push({ value, taken: resolve })
        wake()
      })
    }
  }
  for (const producer of producers) {
    void run(producer)
      .catch((error) => {
        failure ??= { error }
      })
      .finally(() => {
        left--
        wake()
      })
  }
  try {
    while (true) {
      if (failure) throw (failure as { error: unknown }).error
      const next = offered.shift()
      if (next) {
        try {
          yield next.value
        } finally {
          next.taken()
        }
      } else if (left === 0) return
      else
        await new Promise<void>((resolve) => {
          wake = resolve
        })
    }
  } finally {
    isOver = true
    for (const { taken } of offered) taken()
  }
}
