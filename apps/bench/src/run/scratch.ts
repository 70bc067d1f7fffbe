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
  /** Removes the database with its roles and closes the connections. Queues are removed by those who declared them. */
  remove(): Promise<void>;
}

/**
 * Creates a database and opens a channel on the given servers. Leaves nothing behind when it fails.
 *
 * @param run what makes the names of this run its own
 */
export async function makeScratch(
  adminUrl: string,
  amqpUrl: string,
  run: string = randomBytes(4).toString('hex'),
): Promise<Scratch> {
  const database = `carillon_bench_${run}`;
  const url = new URL(adminUrl);
  url.pathname = `/${database}`;
  const undo: (() => Promise<unknown>)[] = [];
  const remove = async (): Promise<void> => {
    for (let step = undo.pop(); step; step = undo.pop()) await step();
  };
  try {
    const model = await connect(amqpUrl, { clientProperties: { connection_name: 'bench' } });
    model.on('error', () => undefined); // Whoever uses the channel next is told.
    undo.push(() => model.close().catch(() => undefined));
    const channel = await model.createChannel();
    const admin = await open(adminUrl);
    undo.push(() => admin.end());
    await admin.query(`CREATE DATABASE ${pg.escapeIdentifier(database)}`);
    undo.push(() => dropDatabase(admin, database));
    const db = await open(url.toString());
    undo.push(() => db.end());
    return { database, databaseUrl: url.toString(), amqpUrl, prefix: `carillon.bench_${run}`, db, channel, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function open(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url, application_name: 'bench' });
  await client.connect();
  return client;
}

/** With the login roles of its services, which carry the database's name. */
async function dropDatabase(admin: pg.Client, database: string): Promise<void> {
  await admin.query(`DROP DATABASE ${pg.escapeIdentifier(database)} WITH (FORCE)`);
  const { rows } = await admin.query<{ rolname: string }>(
    'SELECT rolname FROM pg_roles WHERE starts_with(rolname, $1)',
    [`${database}_`],
  );
  for (const { rolname } of rows) await admin.query(`DROP ROLE ${pg.escapeIdentifier(rolname)}`);
}
