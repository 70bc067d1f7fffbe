import type { MigrationInterface, QueryRunner } from 'typeorm';

/** All items of an event are found, also those that wait no more: how many of them a cancellation has stopped. */
export class ItemsOfEvents0009 implements MigrationInterface {
  name = 'ItemsOfEvents0000000000009';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX digest_items_of_events');
    await runner.query('CREATE INDEX digest_items_of_events ON digest_items (tenant, event_id)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX digest_items_of_events');
    await runner.query(
      `CREATE INDEX digest_items_of_events ON digest_items (tenant, event_id) WHERE state = 'waiting'`,
    );
  }
}
