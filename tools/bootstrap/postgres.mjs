/** PostgreSQL as the bootstrap meets it: can we log in, and what is there. */

/**
 * @typedef {object} PostgresLogin
 * @property {string} version e.g. `15.20`
 * @property {boolean} mayCreate whether the role may create databases and roles
 */

/**
 * Logs in once.
 * @param {string} url
 * @returns {Promise<PostgresLogin>}
 * @throws whatever the server or the network said
 */
export async function loginToPostgres(url) {
  return withPostgres(url, async (client) => {
    const { rows } = await client.query(
      `SELECT current_setting('server_version') AS version, rolsuper OR (rolcreatedb AND rolcreaterole) AS may_create
       FROM pg_roles WHERE rolname = current_user`,
    );
    return { version: rows[0].version.split(' ')[0], mayCreate: rows[0].may_create };
  });
}

/**
 * @template T
 * @param {string} url
 * @param {(client: import('pg').Client) => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function withPostgres(url, work) {
  // Imported only now: packages may just have been installed.
  const { default: pg } = await import('pg');
  const client = new pg.Client({
    connectionString: url,
    connectionTimeoutMillis: 3_000,
    application_name: 'carillon tools',
  });
  // A connection that breaks while idle must not end the bootstrap; the next query reports it.
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => {});
  }
}

/**
 * @param {string} url
 * @param {string} database
 * @returns {string} the URL of another database of the same server
 */
export function withDatabase(url, database) {
  const other = new URL(url);
  other.pathname = `/${encodeURIComponent(database)}`;
  return other.toString();
}

/** Waits to be able to log in to a server that is starting.
 * @param {string} url
 * @param {() => boolean} isAlive false when waiting has become pointless
 * @param {number} withinMs
 * @returns {Promise<PostgresLogin | undefined>}
 */
export async function waitForPostgres(url, isAlive, withinMs) {
  return waitForLogin(() => loginToPostgres(url), isAlive, withinMs);
}

/**
 * @template T
 * @param {() => Promise<T>} login
 * @param {() => boolean} isAlive
 * @param {number} withinMs
 * @returns {Promise<T | undefined>}
 */
export async function waitForLogin(login, isAlive, withinMs) {
  const deadline = Date.now() + withinMs;
  while (isAlive() && Date.now() < deadline) {
    try {
      return await login();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  return undefined;
}
