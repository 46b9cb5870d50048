/** Addresses of databases. */

/**
 * `sslmode` means what it means to psql and to all that is made of libpq: `require` encrypts and
 * does not ask who answers, `verify-full` asks. The driver by itself would verify in both cases.
 */
export const asLibpq = (databaseUrl: string): string =>
  /[?&]sslmode=/.test(databaseUrl) && !/[?&]uselibpqcompat=/.test(databaseUrl)
    ? `${databaseUrl}&uselibpqcompat=true`
    : databaseUrl
