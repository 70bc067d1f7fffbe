import { describe, expect, it } from '@jest/globals';
import { unique } from '@carillon/testing';
import { connect } from 'amqplib';
import pg from 'pg';
import { removeLeftovers } from './leftovers.mjs';

const servers = {
  postgresql: {
    url: process.env.DATABASE_URL || 'postgres://postgres@127.0.0.1:5432/postgres',
    way: 'local',
    version: '',
  },
  rabbitmq: { url: process.env.AMQP_URL || 'amqp://guest:guest@127.0.0.1:5672', way: 'local', version: '' },
} as const;

describe('what a test run leaves behind', () => {
  it('is found by the id of the run, named and removed, and nothing else is', async () => {
    // An id of its own, as if this were another run: the check at the end of the real one must find nothing.
    const runId = `left${unique()}`;
    const database = `carillon_test_${runId}_x`;
    const role = `${database}_inbox`;
    const name = `carillon.test_${runId}.pipeline`;
    const admin = new pg.Client({ connectionString: servers.postgresql.url });
    await admin.connect();
    await admin.query(`CREATE DATABASE ${database}`);
    await admin.query(`CREATE ROLE ${role}`);
    const broker = await connect(servers.rabbitmq.url);
    const channel = await broker.createChannel();
    await channel.assertExchange(name, 'topic', { durable: true });
    await channel.assertQueue(name, { durable: true });
    try {
      const found = await removeLeftovers({ ...servers, ready: Promise.resolve(), stop: async () => {} }, runId);
      const amqp =
        found.unchecked.length > 0
          ? []
          : [
              { kind: 'queue', name },
              { kind: 'exchange', name },
            ];
      expect(found.leftovers).toEqual([{ kind: 'database', name: database }, { kind: 'role', name: role }, ...amqp]);
      const { rowCount } = await admin.query(
        `SELECT FROM pg_database WHERE datname LIKE '%${runId}%' UNION ALL SELECT FROM pg_roles WHERE rolname LIKE '%${runId}%'`,
      );
      expect(rowCount).toBe(0);
    } finally {
      await channel.deleteQueue(name);
      await channel.deleteExchange(name);
      await broker.close();
      await admin.end();
    }
  });

  it('can be found because every name of a test carries the id of its run', () => {
    expect(unique()).toMatch(new RegExp(`^${process.env.CARILLON_TEST_RUN ?? ''}`));
  });
});
