import type { MigrationInterface, QueryRunner } from 'typeorm';
import { deliveryStates } from '@carillon/contracts';

/** Deliveries and their attempts. Both senders have these tables, each in its own schema. */
export class CreateDeliveries0001 implements MigrationInterface {
  readonly name = 'CreateDeliveries0000000000001';

  async up(runner: QueryRunner): Promise<void> {
    const states = deliveryStates.map((state) => `'${state}'`).join(', ');
    await runner.query(`
      CREATE TABLE deliveries (
        tenant              text        NOT NULL,
        id                  uuid        NOT NULL,
        notification_id     uuid        NOT NULL,
        recipient           text        NOT NULL,
        type                text        NOT NULL,
        category            text        NOT NULL,
        lane                text        NOT NULL,
        template            jsonb       NOT NULL,
        destination         text        NOT NULL,
        destination_name    text,
        content             jsonb       NOT NULL,
        status              text        NOT NULL CHECK (status IN (${states})),
        failure             text        CHECK (failure IN ('permanent', 'temporary', 'technical')),
        error               text,
        provider            text,
        provider_message_id text,
        attempts            integer     NOT NULL,
        -- Attempts made before a person last asked for another try: the retry policy counts from there.
        round_start         integer     NOT NULL DEFAULT 0,
        next_attempt_at     timestamptz,
        -- Until when whoever works on the row is trusted to finish (to send it, or to publish its outcome).
        lease_until         timestamptz,
        expires_at          timestamptz,
        traceparent         text,
        created_at          timestamptz NOT NULL,
        updated_at          timestamptz NOT NULL,
        sent_at             timestamptz,
        PRIMARY KEY (tenant, id),
        CHECK ((status = 'failed') = (failure IS NOT NULL)),
        CHECK (status <> 'retrying' OR next_attempt_at IS NOT NULL),
        CHECK (status <> 'sending' OR lease_until IS NOT NULL)
      )`);
    await runner.query(`CREATE INDEX deliveries_by_status ON deliveries (tenant, status, id)`);
    await runner.query(`CREATE INDEX deliveries_by_recipient ON deliveries (tenant, recipient, id)`);
    await runner.query(`CREATE INDEX deliveries_by_notification ON deliveries (tenant, notification_id)`);
    await runner.query(`CREATE INDEX deliveries_due ON deliveries (next_attempt_at) WHERE status = 'retrying'`);
    await runner.query(`CREATE INDEX deliveries_leased ON deliveries (lease_until) WHERE lease_until IS NOT NULL`);
    // No foreign key: both rows are written by the same statement, and the check would lock the delivery once more.
    await runner.query(`
      CREATE TABLE attempts (
        tenant              text        NOT NULL,
        delivery_id         uuid        NOT NULL,
        number              integer     NOT NULL CHECK (number >= 1),
        provider            text        NOT NULL,
        outcome             text        NOT NULL
          CHECK (outcome IN ('sending', 'accepted', 'retryable', 'permanent', 'throttled', 'uncertain')),
        error               text,
        provider_message_id text,
        started_at          timestamptz NOT NULL,
        finished_at         timestamptz,
        PRIMARY KEY (tenant, delivery_id, number)
      )`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`DROP TABLE attempts`);
    await runner.query(`DROP TABLE deliveries`);
  }
}
