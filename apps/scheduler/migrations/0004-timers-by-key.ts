import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Reminders: timers that other events cancel or move, and that follow the clocks of whom they are for. */
export class TimersByKey0004 implements MigrationInterface {
  name = 'TimersByKey0000000000004';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE timers
        ADD COLUMN key text,
        ADD COLUMN since bigint,
        ADD COLUMN follows_zone boolean NOT NULL DEFAULT false`);
    await runner.query(`COMMENT ON COLUMN timers.key IS 'by which it is cancelled or woken together with others'`);
    await runner.query(
      `COMMENT ON COLUMN timers.since IS 'when the event was that it goes back to, Unix milliseconds'`,
    );
    await runner.query(`COMMENT ON COLUMN timers.follows_zone IS 'it is due by the recipient''s clocks'`);
    await runner.query(
      `CREATE INDEX timers_by_key ON timers (tenant, key) WHERE state = 'pending' AND key IS NOT NULL`,
    );
    await runner.query(`
      CREATE TABLE timer_keys (
        tenant text NOT NULL,
        key text NOT NULL,
        cancelled_at bigint,
        moved_at bigint,
        woken json,
        changed_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant, key)
      )`);
    await runner.query(`
      COMMENT ON TABLE timer_keys IS
        'What was last cancelled or moved under a key, for timers of earlier events that are set only afterwards'`);
    await runner.query('CREATE INDEX timer_keys_by_age ON timer_keys (changed_at)');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE timer_keys');
    await runner.query('ALTER TABLE timers DROP COLUMN key, DROP COLUMN since, DROP COLUMN follows_zone');
  }
}
