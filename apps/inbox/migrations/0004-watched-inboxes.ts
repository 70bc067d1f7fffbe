import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Whose inboxes somebody watches, so that nothing is counted and published for the many whom nobody does. */
export class WatchedInboxes0004 implements MigrationInterface {
  name = 'WatchedInboxes0000000000004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE watched_inboxes (
        tenant text NOT NULL,
        recipient text NOT NULL,
        until timestamptz NOT NULL,
        PRIMARY KEY (tenant, recipient)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE watched_inboxes');
  }
}
