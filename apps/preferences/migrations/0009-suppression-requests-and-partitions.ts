import { keepPartitionsFunctions } from '@carillon/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/**
 * Partitions are made and dropped one for each transaction, by locks that nobody waits for: `keep_partitions` of 0007 holds all of
 * them until it is done. It stays for the replicas that still run the code from before.
 */
export class PartitionsStepByStep0009 implements MigrationInterface {
  name = 'PartitionsStepByStep0000000000009';

  async up(db: QueryRunner): Promise<void> {
    await db.query(keepPartitionsFunctions(['notifications']));
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP FUNCTION tend_partitions(int, int), make_partition(text, timestamp)');
  }
}
