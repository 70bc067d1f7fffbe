import { randomBytes } from 'node:crypto';

/** The real servers tests run against; `npm test` sets these, a single run falls back to the standard local ones. */
export const servers = {
  databaseUrl: process.env.DATABASE_URL || 'postgres://postgres@127.0.0.1:5432/postgres',
  amqpUrl: process.env.AMQP_URL || 'amqp://guest:guest@127.0.0.1:5672',
};

/**
 * A short random suffix, so that tests that run side by side never meet. It begins with the id of the run that `npm test` gives,
 * by which that finds what a test left behind.
 */
export function unique(): string {
  return (process.env.CARILLON_TEST_RUN ?? '') + randomBytes(5).toString('hex');
}

/** The secret that services under test share. */
export const testSecret = 'a secret for tests only, 32 characters or more';
