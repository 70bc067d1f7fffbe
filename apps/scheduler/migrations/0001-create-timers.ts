import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Timers: messages that go back onto the street at their due time. */
export class CreateTimers0001 implements MigrationInterface {
  name = 'CreateTimers0000000000001';

  async up(runner: QueryRunner): Promise<void> {
    // json, not jsonb: a message is written once and published whole, never searched, so it is kept as it came.
    await runner.query(`
      CREATE TABLE timers (
        timer_id uuid PRIMARY KEY,
        tenant text NOT NULL,
        due_at timestamptz NOT NULL,
        expires_at timestamptz,
        routing_key text NOT NULL,
        message json NOT NULL,
        state text NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'fired', 'expired', 'cancelled')),
        claimed_until timestamptz,
        fired_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now()
      )`);
    await runner.query(`
      COMMENT ON COLUMN timers.claimed_until IS
        'Until then the replica that claimed it may publish it; a pending timer whose claim has lapsed is anybody''s'`);
    // Only what is still to come is ever searched by time; fired timers, of which there are more every day, are not in it.
    await runner.query(`CREATE INDEX timers_pending ON timers (due_at) WHERE state = 'pending'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE timers');
  }
}
