import { keepPartitionsFunctions } from '@carillon/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * What bounces, complaints and people themselves have asked about addresses; and partitions that are made and dropped one for each
 * transaction, by locks that nobody waits for. `keep_partitions` of 0007, which holds all of them until it is done, stays for the
 * replicas that still run the code from before.
 */
export class SuppressionRequestsAndPartitions0009 implements MigrationInterface {
  name = 'SuppressionRequestsAndPartitions0000000000009';

  async up(db: QueryRunner): Promise<void> {
    await db.query(keepPartitionsFunctions(['notifications']));
    // Each is heeded once: one that is delivered again does not bring back what somebody has lifted since.
    await db.query(`
      CREATE TABLE suppression_requests (
        tenant      text        NOT NULL,
        -- Of the event that asked.
        id          text        NOT NULL,
        channel     text        NOT NULL,
        address     text        NOT NULL,
        suppress    boolean     NOT NULL,
        reason      text        NOT NULL,
        note        text,
        asked_by    text        NOT NULL,
        at          timestamptz NOT NULL,
        recorded_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant, id)
      )`);
    await db.query('CREATE INDEX suppression_requests_by_address ON suppression_requests (tenant, channel, address)');
    await db.query('CREATE INDEX suppression_requests_by_time ON suppression_requests USING brin (recorded_at)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE suppression_requests');
    await db.query('DROP FUNCTION tend_partitions(int, int), make_partition(text, timestamp)');
  }
}
