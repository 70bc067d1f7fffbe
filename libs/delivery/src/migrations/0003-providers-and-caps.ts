import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Providers of tenants, what their replicas see of them, their rate budgets, and how much a tenant may send. */
export class ProvidersAndCaps0003 implements MigrationInterface {
  readonly name = 'ProvidersAndCaps0000000000003';

  async up(runner: QueryRunner): Promise<void> {
    await runner.query(`
      CREATE TABLE providers (
        tenant          text             NOT NULL,
        name            text             NOT NULL,
        kind            text             NOT NULL,
        settings        jsonb            NOT NULL,
        -- By name, each sealed with the installation's key.
        secrets         jsonb            NOT NULL,
        -- The last characters of the secrets, by name.
        hints           jsonb            NOT NULL,
        position        integer          NOT NULL,
        weight          integer          NOT NULL CHECK (weight >= 1),
        enabled         boolean          NOT NULL,
        sender_ids      jsonb            NOT NULL,
        rate_per_second double precision CHECK (rate_per_second > 0),
        concurrency     integer          CHECK (concurrency >= 1),
        updated_at      timestamptz      NOT NULL,
        updated_by      text             NOT NULL,
        PRIMARY KEY (tenant, name)
      )`);
    // In the tables below the tenant is empty for what belongs to the whole installation.
    await runner.query(`
      CREATE TABLE provider_breakers (
        tenant   text        NOT NULL,
        provider text        NOT NULL,
        replica  uuid        NOT NULL,
        state    text        NOT NULL CHECK (state IN ('open', 'half_open')),
        reason   text        NOT NULL,
        since    timestamptz NOT NULL,
        retry_at timestamptz NOT NULL,
        -- When the replica said so last: one that is gone says nothing more.
        seen_at  timestamptz NOT NULL,
        PRIMARY KEY (tenant, provider, replica)
      )`);
    await runner.query(`
      CREATE TABLE rate_budgets (
        tenant   text        NOT NULL,
        provider text        NOT NULL,
        -- The first moment that no replica has taken yet.
        next_at  timestamptz NOT NULL,
        PRIMARY KEY (tenant, provider)
      )`);
    await runner.query(`
      CREATE TABLE caps (
        tenant     text        NOT NULL PRIMARY KEY,
        caps       jsonb       NOT NULL,
        updated_at timestamptz NOT NULL,
        updated_by text        NOT NULL
      )`);
    await runner.query(`
      CREATE TABLE cap_usage (
        tenant     text        NOT NULL,
        scope      text        NOT NULL CHECK (scope IN ('recipient_hour', 'recipient_day', 'day', 'country_day')),
        -- The recipient (as a hash) or the calling code; empty for the tenant as a whole.
        key        text        NOT NULL,
        ends_at    timestamptz NOT NULL,
        used       integer     NOT NULL,
        -- What the statement that wrote the row last was given of it.
        granted    integer     NOT NULL,
        PRIMARY KEY (tenant, scope, key, ends_at)
      )`);
    await runner.query(`CREATE INDEX cap_usage_ended ON cap_usage (ends_at)`);
    // Whatever waits for its time is found here: retries, what waits for a provider, uncertain ones to be looked up.
    await runner.query(
      `CREATE INDEX deliveries_waiting ON deliveries (next_attempt_at) WHERE next_attempt_at IS NOT NULL`,
    );
    await runner.query(`DROP INDEX deliveries_due`);
  }

  async down(runner: QueryRunner): Promise<void> {
    await runner.query(`CREATE INDEX deliveries_due ON deliveries (next_attempt_at) WHERE status = 'retrying'`);
    await runner.query(`DROP INDEX deliveries_waiting`);
    for (const table of ['cap_usage', 'caps', 'rate_budgets', 'provider_breakers', 'providers'])
      await runner.query(`DROP TABLE ${table}`);
  }
}
