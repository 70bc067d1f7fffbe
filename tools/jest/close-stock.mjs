/** After the tests: removes the stock, with the exchanges, queues, databases and roles in it. */
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { withDatabase, withPostgres } from '../bootstrap/postgres.mjs';

export default async function closeStock() {
  const folder = /** @type {string} */ (process.env.CARILLON_TEST_STOCK);
  await Promise.all([removeStreets(join(folder, 'streets')), removeDatabases(join(folder, 'databases'))]);
  await rm(folder, { recursive: true });
}

/** @param {string} folder */
async function removeStreets(folder) {
  const streets = await contentsOf(folder);
  if (streets.length === 0) return;
  const { connect } = await import('amqplib');
  const connection = await connect(process.env.AMQP_URL || 'amqp://guest:guest@127.0.0.1:5672');
  const channel = await connection.createChannel();
  for (const { queues, exchanges } of streets.map((street) => JSON.parse(street))) {
    for (const name of queues) await channel.deleteQueue(name);
    for (const name of exchanges) await channel.deleteExchange(name);
  }
  await connection.close();
}

/** @param {string} folder */
async function removeDatabases(folder) {
  const databases = await contentsOf(folder);
  if (databases.length === 0) return;
  const url = process.env.DATABASE_URL || 'postgres://postgres@127.0.0.1:5432/postgres';
  await withPostgres(withDatabase(url, 'postgres'), async (client) => {
    for (const database of databases) {
      await client.query(`DROP DATABASE ${database} WITH (FORCE)`);
      const { rows } = await client.query('SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)', [
        `${database}_`,
      ]);
      // Where a test has left a copy behind the role is needed there: it is left, too, and told with it.
      for (const { rolname } of rows)
        await client.query(`DROP ROLE ${client.escapeIdentifier(rolname)}`).catch(() => undefined);
    }
  });
}

/** @param {string} folder @returns {Promise<string[]>} */
async function contentsOf(folder) {
  const files = await readdir(folder).catch(() => []);
  return Promise.all(files.map((file) => readFile(join(folder, file), 'utf8')));
}
