import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Events that somebody cancelled, with what was still to be told to an audience. */
export class CancelledEvents0014 implements MigrationInterface {
  name = 'CancelledEvents0000000000014';

  async up(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE events ADD COLUMN cancelled_at timestamptz, ADD COLUMN cancelled_by text');
    await db.query('ALTER TABLE events DROP CONSTRAINT events_status_check');
    await db.query(
      `ALTER TABLE events ADD CONSTRAINT events_status_check CHECK (status IN ('scheduled', 'decided', 'cancelled')) NOT VALID`,
    );
    await db.query('ALTER TABLE fan_outs ADD COLUMN cancelled_at timestamptz');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('ALTER TABLE fan_outs DROP COLUMN cancelled_at');
    await db.query(`UPDATE events SET status = 'decided' WHERE status = 'cancelled'`);
    await db.query('ALTER TABLE events DROP CONSTRAINT events_status_check');
    await db.query(
      `ALTER TABLE events ADD CONSTRAINT events_status_check CHECK (status IN ('scheduled', 'decided')) NOT VALID`,
    );
    await db.query('ALTER TABLE events DROP COLUMN cancelled_at, DROP COLUMN cancelled_by');
  }
}
