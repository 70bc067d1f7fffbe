import { firstIdAtFunction, keepPartitionsFunctions, partitionByWeek } from '@carillon/persistence';
import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Where tenants want to be told of outcomes, what they are told, and every attempt to do so. */
export class OutboundWebhooks0018 implements MigrationInterface {
  name = 'OutboundWebhooks0000000000018';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE webhook_endpoints (
        tenant          text        NOT NULL,
        id              uuid        NOT NULL,
        url             text        NOT NULL,
        description     text        NOT NULL,
        events          text[]      NOT NULL,
        secrets         jsonb       NOT NULL,
        state           text        NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'disabled')),
        failing_since   timestamptz,
        disabled_at     timestamptz,
        disabled_reason text,
        notice_due      boolean     NOT NULL DEFAULT false,
        created_at      timestamptz NOT NULL DEFAULT now(),
        created_by      text        NOT NULL,
        updated_at      timestamptz NOT NULL DEFAULT now(),
        PRIMARY KEY (tenant, id)
      )`);
    await db.query(`CREATE INDEX webhook_endpoints_noticed ON webhook_endpoints (tenant) WHERE notice_due`);
    await db.query(`
      CREATE TABLE webhook_messages (
        tenant          text        NOT NULL,
        id              uuid        NOT NULL,
        endpoint        uuid        NOT NULL,
        event           text        NOT NULL,
        recipient       text,
        body            text        NOT NULL,
        state           text        NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'delivered', 'failed')),
        attempts        int         NOT NULL DEFAULT 0,
        attempts_before int         NOT NULL DEFAULT 0,
        next_attempt_at timestamptz NOT NULL DEFAULT now(),
        last_status     int,
        last_error      text,
        created_at      timestamptz NOT NULL,
        settled_at      timestamptz,
        PRIMARY KEY (tenant, id, endpoint)
      )`);
    await db.query(
      `CREATE INDEX webhook_messages_due ON webhook_messages (tenant, endpoint, next_attempt_at) WHERE state = 'pending'`,
    );
    await db.query('CREATE INDEX webhook_messages_of_endpoint ON webhook_messages (tenant, endpoint, id DESC)');
    await db.query(
      `CREATE INDEX webhook_messages_failed ON webhook_messages (tenant, endpoint, id) WHERE state = 'failed'`,
    );
    await db.query(
      'CREATE INDEX webhook_messages_by_recipient ON webhook_messages (tenant, recipient, id DESC) WHERE recipient IS NOT NULL',
    );
    await db.query(`
      CREATE TABLE webhook_attempts (
        tenant      text        NOT NULL,
        id          uuid        NOT NULL,
        endpoint    uuid        NOT NULL,
        number      int         NOT NULL,
        at          timestamptz NOT NULL,
        duration_ms int         NOT NULL,
        status      int,
        error       text,
        response    text,
        PRIMARY KEY (tenant, id, endpoint, number)
      )`);
    const comments = {
      'webhook_endpoints.events': 'Kinds of facts, such as delivery.failed or delivery.*; empty: all',
      'webhook_endpoints.secrets': 'Sealed, the newest first; a former one signs as well until its time',
      'webhook_endpoints.failing_since': 'No attempt has succeeded since; NULL: the last one did',
      'webhook_endpoints.notice_due': 'It was disabled, and nobody has been told yet',
      'webhook_messages.id': 'Computed from the fact, so that one that comes twice is one; sent as webhook-id',
      'webhook_messages.attempts_before': 'Attempts before it was replayed last: the delays begin anew',
      'webhook_messages.next_attempt_at': 'While an attempt is under way: when it is given up for lost',
      'webhook_attempts.id': 'Of the message',
    };
    for (const [column, comment] of Object.entries(comments))
      await db.query(`COMMENT ON COLUMN ${column} IS '${comment}'`);
    await db.query(firstIdAtFunction);
    await db.query(keepPartitionsFunctions(['webhook_messages', 'webhook_attempts']));
    await partitionByWeek(db, 'webhook_messages', 'tenant, id, endpoint', 'id');
    await partitionByWeek(db, 'webhook_attempts', 'tenant, id, endpoint, number', 'id');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP FUNCTION tend_partitions(int, int), make_partition(text, timestamp)');
    await db.query('DROP TABLE webhook_attempts, webhook_messages, webhook_endpoints');
    await db.query('DROP FUNCTION first_id_at(timestamptz)');
  }
}
