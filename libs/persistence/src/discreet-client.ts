import type { EventEmitter } from 'node:events';
import pg from 'pg';

/** SQLSTATE class 22, "data exception": a value is wrong in itself, and the message quotes it. */
const quotesValue = /^22/;

/**
 * Takes out of an error of PostgreSQL what it quotes of the rows that the statement was about: they are people’s.
 * `detail` ("Key (email)=(…) already exists") and `where` do so, and the message of class 22 ("invalid input syntax for
 * type uuid: …"). SQLSTATE, table, column and constraint stay.
 * https://www.postgresql.org/docs/current/protocol-error-fields.html
 */
function quoteNothing(error: pg.DatabaseError): void {
  error.detail = undefined;
  error.where = undefined;
  if (!quotesValue.test(error.code ?? '')) return;
  const { message } = error;
  error.message = `PostgreSQL refuses a value (SQLSTATE ${error.code} in ${error.routine})`;
  error.stack = error.stack?.replace(message, () => error.message);
}

/**
 * A connection whose errors can go anywhere: into a log, to `carillon.dead`, into an answer. They are made discreet as they
 * come in from the wire, so that nobody who handles one has to think of it.
 */
export class DiscreetClient extends pg.Client {
  constructor(config?: string | pg.ClientConfig) {
    super(config);
    const { connection } = this as unknown as { connection: EventEmitter };
    connection.on('errorMessage', quoteNothing);
  }
}

/** A pool of {@link DiscreetClient}s. */
export class DiscreetPool extends pg.Pool {
  constructor(options: pg.PoolConfig) {
    super({ Client: DiscreetClient, ...options } as pg.PoolConfig);
  }
}

/** `pg` as TypeORM takes it for its driver. */
export const discreetDriver = { Client: DiscreetClient, Pool: DiscreetPool, defaults: pg.defaults, types: pg.types };
