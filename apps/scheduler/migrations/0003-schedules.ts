import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Recurring schedules, and what people need to find timers. */
export class Schedules0003 implements MigrationInterface {
  name = 'Schedules0000000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      ALTER TABLE timers
        ADD COLUMN kind text NOT NULL DEFAULT 'event' CHECK (kind IN ('event', 'notification', 'schedule', 'reminder')),
        ADD COLUMN event_id uuid,
        ADD COLUMN schedule_id uuid,
        ADD COLUMN exchange text,
        ADD COLUMN error text`);
    await runner.query(`COMMENT ON COLUMN timers.exchange IS 'of a domain service; NULL = the front door'`);
    await runner.query(`COMMENT ON COLUMN timers.error IS 'why it has not fired although it is due'`);
    await runner.query(`
      UPDATE timers SET kind = 'notification', event_id = (message->'data'->'event'->>'id')::uuid
       WHERE message->>'type' = 'carillon.notification.deferred.v1'`);
    await runner.query('CREATE INDEX timers_in_order ON timers (tenant, state, due_at, timer_id)');
    await runner.query(`
      CREATE INDEX timers_of_events ON timers (tenant, event_id) WHERE state = 'pending' AND event_id IS NOT NULL`);
    await runner.query(`
      CREATE INDEX timers_of_schedules ON timers (tenant, schedule_id, due_at, timer_id) WHERE schedule_id IS NOT NULL`);
    await runner.query(`
      CREATE TABLE schedules (
        tenant text NOT NULL,
        schedule_id uuid NOT NULL,
        revision integer NOT NULL DEFAULT 1,
        name text NOT NULL,
        cron text,
        rrule text,
        time_zone text NOT NULL,
        starts_at text NOT NULL,
        event json,
        publish json,
        deadline text NOT NULL,
        paused boolean NOT NULL DEFAULT false,
        next_at timestamptz,
        created_at timestamptz NOT NULL DEFAULT now(),
        created_by text NOT NULL,
        updated_at timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant, schedule_id),
        CHECK ((cron IS NULL) <> (rrule IS NULL)),
        CHECK ((event IS NULL) <> (publish IS NULL))
      )`);
    await runner.query(`COMMENT ON COLUMN schedules.starts_at IS 'local time in time_zone'`);
    await runner.query(`
      COMMENT ON COLUMN schedules.next_at IS
        'The due time of its pending timer; once that has come, the following one is planned. NULL: paused, or it has ended'`);
    await runner.query(`
      COMMENT ON COLUMN schedules.revision IS 'counts changes, so that a time planned anew is another timer than the cancelled one'`);
    await runner.query('CREATE INDEX schedules_to_plan ON schedules (next_at) WHERE next_at IS NOT NULL');
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query('DROP TABLE schedules');
    await runner.query('DROP INDEX timers_in_order, timers_of_events');
    await runner.query(`DELETE FROM timers WHERE exchange IS NOT NULL`);
    await runner.query(
      'ALTER TABLE timers DROP COLUMN kind, DROP COLUMN event_id, DROP COLUMN schedule_id, DROP COLUMN exchange, DROP COLUMN error',
    );
  }
}
