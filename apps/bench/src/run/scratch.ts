import { randomBytes } from 'node:crypto';
import { connect, type Channel } from 'amqplib';
import pg from 'pg';

/** The places where a run leaves its traces, all named after it, so that they can be removed together. */
export interface Scratch {
  /** `carillon_bench_<random>`: name of the database, and first part of the names of roles. */
  database: string;
  /** The admin's URL of that database. */
  databaseUrl: string;
  amqpUrl: string;
  /** First part of all AMQP names. */
  prefix: string;
  db: pg.Client;
  channel: Channel;
  /** Removes the database with its roles, closes the connections. Queues are removed by those who declared them. */
  remove(): Promise<void>;
}

/** Creates a database and opens a channel on the given servers. */
export async function makeScratch(adminUrl: string, amqpUrl: string): Promise<Scratch> {
  const random = randomBytes(4).toString('hex');
  const database = `carillon_bench_${random}`;
  const admin = new pg.Client({ connectionString: adminUrl, application_name: 'bench' });
  await admin.connect();
  const { rows } = await admin.query<{ name: string }>('SELECT current_database() AS name');
  await admin.query(`CREATE DATABASE ${database}`);
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  const db = new pg.Client({ connectionString: url.toString(), application_name: 'bench' });
  await db.connect();
  const model = await connect(amqpUrl, { clientProperties: { connection_name: 'bench' } });
  model.on('error', () => undefined); // Whoever uses the channel next is told.
  return {
    database,
    databaseUrl: url.toString(),
    amqpUrl,
    prefix: `carillon.bench_${random}`,
    db,
    channel: await model.createChannel(),
    async remove() {
      await model.close().catch(() => undefined);
      await db.end();
      if (rows[0]?.name === database) return;
      await admin.query(`DROP DATABASE IF EXISTS ${database} WITH (FORCE)`);
      const roles = await admin.query<{ rolname: string }>(
        'SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)',
        [`${database}_`],
      );
      for (const { rolname } of roles.rows) await admin.query(`DROP ROLE ${pg.escapeIdentifier(rolname)}`);
      await admin.end();
    },
  };
}
