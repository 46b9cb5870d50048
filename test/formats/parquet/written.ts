/** Parquet files that DuckDB writes. */
import { DuckDBInstance } from '@duckdb/node-api'

/** @param select the rows, in SQL of DuckDB */
export async function writeParquet(path: string, select: string, options = ''): Promise<string> {
  const instance = await DuckDBInstance.create(':memory:')
  const db = await instance.connect()
  try {
    const to = path.replaceAll("'", "''")
    await db.run(`copy (${select}) to '${to}' (format parquet${options})`)
  } finally {
    db.closeSync()
    instance.closeSync()
  }
  return path
}
