import type { MigrationInterface, QueryRunner } from 'typeorm';

/** For how long tenants want what to be kept, when everything is cleaned up next, and what each run came to. */
export class Retention0008 implements MigrationInterface {
  name = 'Retention0000000000008';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE retention_days (
        tenant text        NOT NULL,
        kind   text        NOT NULL,
        days   integer     NOT NULL CHECK (days >= 1),
        set_by text        NOT NULL,
        set_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant, kind)
      )`);
    await runner.query(`
      CREATE TABLE retention_clock (
        one     boolean     PRIMARY KEY DEFAULT true CHECK (one),
        rule    text        NOT NULL,
        next_at timestamptz NOT NULL
      )`);
    await runner.query(`
      COMMENT ON TABLE retention_clock IS
        'shared by all tenants, read only: when everything is cleaned up next, by which rule'`);
    await runner.query(`
      CREATE TABLE retention_runs (
        -- Empty: everybody's.
        tenant      text        NOT NULL,
        run_id      uuid        NOT NULL,
        asked_by    text,
        due_at      timestamptz,
        begun_at    timestamptz NOT NULL DEFAULT now(),
        finished_at timestamptz,
        PRIMARY KEY (tenant, run_id)
      )`);
    await runner.query(`
      CREATE TABLE retention_parts (
        tenant        text    NOT NULL,
        run_id        uuid    NOT NULL,
        service       text    NOT NULL,
        -- Until then a replica waits for the service's answer, or nobody asks it again.
        claimed_until timestamptz,
        worked_ms     bigint  NOT NULL DEFAULT 0,
        error         text,
        finished_at   timestamptz,
        PRIMARY KEY (tenant, run_id, service),
        FOREIGN KEY (tenant, run_id) REFERENCES retention_runs ON DELETE CASCADE
      )`);
    await runner.query(`CREATE INDEX retention_parts_open ON retention_parts (run_id) WHERE finished_at IS NULL`);
    await runner.query(`COMMENT ON COLUMN retention_parts.error IS 'What could not be done at the last try'`);
    await runner.query(`
      CREATE TABLE retention_removed (
        -- Whose it was, whoever's run it is.
        tenant text   NOT NULL,
        run_id uuid   NOT NULL,
        kind   text   NOT NULL,
        count  bigint NOT NULL,
        PRIMARY KEY (tenant, run_id, kind)
      )`);
    await runner.query(`CREATE INDEX retention_removed_by_run ON retention_removed (run_id)`);
    // What has ended, by the time from which its days count.
    await runner.query(`CREATE INDEX timers_ended ON timers (due_at) WHERE state <> 'pending'`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP INDEX timers_ended');
    await runner.query(
      'DROP TABLE retention_removed, retention_parts, retention_runs, retention_clock, retention_days',
    );
  }
}
