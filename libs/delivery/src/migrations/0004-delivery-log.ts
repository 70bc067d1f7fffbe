import {
  firstIdAtFunction,
  keepPartitions,
  keepPartitionsFunctions,
  partitionByWeek,
  unpartition,
} from '@carillon/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * The log: deliveries, attempts and receipts in a partition per week, so that retention drops tables; an index for every
 * filter; what providers report later; and whom nothing may be sent to any more.
 */
export class DeliveryLog0004 implements MigrationInterface {
  readonly name = 'DeliveryLog0000000000004';

  async up(db: QueryRunner): Promise<void> {
    await db.query(firstIdAtFunction);
    await db.query(keepPartitionsFunctions(['deliveries', 'attempts', 'receipts']));

    // The provider's own code for what went wrong: 550, 21211, UserInBlacklist.
    await db.query('ALTER TABLE deliveries ADD COLUMN error_code text');
    await db.query('ALTER TABLE attempts ADD COLUMN error_code text');
    await partitionByWeek(db, 'deliveries', 'tenant, id', 'id');
    await partitionByWeek(db, 'attempts', 'tenant, delivery_id, number', 'delivery_id');

    // Each filter of the log, in the order of the list.
    for (const [filter, columns] of Object.entries({
      type: 'type',
      category: 'category',
      destination: 'destination',
      provider: 'provider',
      template: `(template ->> 'key'), ((template ->> 'version')::int)`,
    })) {
      await db.query(`CREATE INDEX deliveries_by_${filter} ON deliveries (tenant, ${columns}, id)`);
    }
    for (const [filter, column] of Object.entries({
      failure: 'failure',
      error_code: 'error_code',
      experiment: `(template ->> 'experiment')`,
      variant: `(template ->> 'variant')`,
    })) {
      await db.query(
        `CREATE INDEX deliveries_by_${filter} ON deliveries (tenant, ${column}, id) WHERE ${column} IS NOT NULL`,
      );
    }
    // The provider's id first: its receipts know no tenant.
    await db.query(
      `CREATE INDEX attempts_by_provider_message ON attempts (provider_message_id, tenant) WHERE provider_message_id IS NOT NULL`,
    );

    await db.query(`
      CREATE TABLE receipts (
        tenant              text        NOT NULL,
        delivery_id         uuid        NOT NULL,
        -- The identity of the provider's own event, by which a repeated one is known.
        id                  text        NOT NULL,
        -- The attempt it speaks of.
        attempt             integer     NOT NULL,
        provider            text        NOT NULL,
        provider_message_id text,
        says                text        NOT NULL
          CHECK (says IN ('accepted', 'delivered', 'undelivered', 'rejected', 'complained')),
        error               text,
        error_code          text,
        -- The provider's time, and ours.
        at                  timestamptz NOT NULL,
        received_at         timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant, delivery_id, id)
      ) PARTITION BY RANGE (delivery_id)`);
    await db.query('CREATE TABLE receipts_default PARTITION OF receipts DEFAULT');
    await keepPartitions(db, 2, 36_500);

    // Receipts that came before their attempt was recorded, or are about a message of somebody else's.
    await db.query(`
      CREATE TABLE unmatched_receipts (
        provider_message_id text        NOT NULL,
        id                  text        NOT NULL,
        -- NULL: the provider does not say.
        tenant              text,
        receipt             jsonb       NOT NULL,
        received_at         timestamptz NOT NULL DEFAULT now(),
        -- How often its delivery was looked for in vain, and when it is looked for next.
        looks               integer     NOT NULL DEFAULT 0,
        next_look_at        timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (provider_message_id, id)
      )`);
    await db.query('CREATE INDEX unmatched_receipts_due ON unmatched_receipts (next_look_at)');

    // Whom nothing is sent to, as preferences tells it: for what was decided before. A reason that is NULL says that the address may be
    // written to again; it stays, so that messages that overtake each other do not bring a suppression back.
    await db.query(`
      CREATE TABLE suppressed_addresses (
        tenant  text        NOT NULL,
        address text        NOT NULL,
        reason  text,
        as_of   timestamptz NOT NULL,
        PRIMARY KEY (tenant, address)
      )`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE suppressed_addresses, unmatched_receipts, receipts');
    await unpartition(db, 'attempts');
    await unpartition(db, 'deliveries');
    await db.query('ALTER TABLE attempts DROP COLUMN error_code');
    await db.query('ALTER TABLE deliveries DROP COLUMN error_code');
    await db.query(
      'DROP FUNCTION tend_partitions(int, int), make_partition(text, timestamp), first_id_at(timestamptz)',
    );
  }
}
