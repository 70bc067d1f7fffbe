import type { MigrationInterface, QueryRunner } from 'typeorm';

/** Columns that the service fills; the place, the time and the hashes are PostgreSQL's. */
const written = `tenant, id, step, actor_kind, actor_id, actor_name, actor_role, action, target, ip, request_id, input,
  status, code, before, after`;

/** Who did what: rows that nobody changes or deletes, chained by hashes, in a partition per month (docs/decisions/0036). */
export class AuditLog0017 implements MigrationInterface {
  name = 'AuditLog0000000000017';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE audit_log (
        tenant     text        NOT NULL,
        seq        bigint      NOT NULL,
        at         timestamptz NOT NULL DEFAULT clock_timestamp(),
        id         uuid        NOT NULL,
        step       text        NOT NULL CHECK (step IN ('begun', 'ended')),
        actor_kind text,
        actor_id   text,
        actor_name text,
        actor_role text,
        action     text,
        target     text,
        ip         text,
        request_id text,
        input      jsonb,
        status     int,
        code       text,
        before     jsonb,
        after      jsonb,
        previous   bytea       NOT NULL,
        hash       bytea       NOT NULL,
        PRIMARY KEY (tenant, seq, at),
        CHECK (step <> 'begun' OR (actor_kind IS NOT NULL AND action IS NOT NULL AND target IS NOT NULL)),
        CHECK (step <> 'ended' OR status IS NOT NULL)
      ) PARTITION BY RANGE (at)`);
    const comments = {
      seq: 'Its place among the rows of the tenant, without gaps',
      id: 'Of the action: its row "begun" and its row "ended" have the same',
      step: '"begun" is committed before anything is done, "ended" before it is answered; without it nobody knows how it ended',
      target: 'What is acted on, without addresses and without ids of people',
      status: 'HTTP status of the answer',
      previous: 'The hash of the row before it',
      hash: 'SHA-256 over the row and the hash before it',
    };
    for (const [column, comment] of Object.entries(comments))
      await db.query(`COMMENT ON COLUMN audit_log.${column} IS '${comment}'`);
    await db.query(
      `COMMENT ON TABLE audit_log IS 'append-only: UPDATE, DELETE and TRUNCATE are refused; whole months go by tend_audit_log'`,
    );
    await db.query('CREATE INDEX audit_log_by_id ON audit_log (tenant, id)');
    for (const column of ['actor_id', 'action', 'target'])
      await db.query(
        `CREATE INDEX audit_log_by_${column} ON audit_log (tenant, ${column}, seq DESC) WHERE step = 'begun'`,
      );

    await db.query(`
      CREATE TABLE audit_heads (
        tenant text   PRIMARY KEY,
        seq    bigint NOT NULL,
        hash   bytea  NOT NULL
      )`);
    await db.query(`COMMENT ON TABLE audit_heads IS 'The last row of each tenant''s audit log'`);

    // In no words that depend on a setting of whoever asks, such as its time zone.
    await db.query(`
      CREATE FUNCTION audit_hash(e audit_log) RETURNS bytea LANGUAGE sql STABLE AS $$
        SELECT sha256(convert_to(ROW(e.tenant, e.seq, extract(epoch FROM e.at), e.id, e.step, e.actor_kind, e.actor_id, e.actor_name,
          e.actor_role, e.action, e.target, e.ip, e.request_id, e.input, e.status, e.code, e.before, e.after,
          encode(e.previous, 'hex'))::text, 'UTF8'))
      $$`);
    await db.query(`
      CREATE FUNCTION chain_audit_log() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
      BEGIN
        INSERT INTO audit_heads (tenant, seq, hash) VALUES (NEW.tenant, 0, '') ON CONFLICT DO NOTHING;
        SELECT seq + 1, hash INTO NEW.seq, NEW.previous FROM audit_heads WHERE tenant = NEW.tenant FOR UPDATE;
        NEW.hash := audit_hash(NEW);
        UPDATE audit_heads SET seq = NEW.seq, hash = NEW.hash WHERE tenant = NEW.tenant;
        RETURN NEW;
      END $$`);
    await db.query('CREATE TRIGGER chain BEFORE INSERT ON audit_log FOR EACH ROW EXECUTE FUNCTION chain_audit_log()');
    await db.query(`
      CREATE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
      BEGIN
        IF TG_OP = 'DELETE' AND current_setting('carillon.erases_audit_log', true) = OLD.tenant THEN
          RETURN OLD;
        END IF;
        RAISE EXCEPTION 'the audit log is append-only: % is refused', TG_OP USING ERRCODE = 'insufficient_privilege';
      END $$`);
    await db.query(
      'CREATE TRIGGER keep BEFORE UPDATE OR DELETE ON audit_log FOR EACH ROW EXECUTE FUNCTION refuse_audit_change()',
    );
    await db.query(
      'CREATE TRIGGER keep_all BEFORE TRUNCATE ON audit_log FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()',
    );

    // The service may not make or drop tables; it may ask for just this.
    await db.query(`
      CREATE FUNCTION tend_audit_log(keep_days int) RETURNS text[]
      LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT SET timezone = 'UTC' SET lock_timeout = '5s' AS $$
      DECLARE
        service text := current_database() || '_' || current_schema();
        month timestamptz;
        part text;
        steps text[] := '{}';
      BEGIN
        PERFORM pg_advisory_xact_lock(hashtext('tend_audit_log'));
        FOR month IN SELECT generate_series(date_trunc('month', now()), date_trunc('month', now()) + interval '2 months', '1 month') LOOP
          part := 'audit_log_' || to_char(month, 'YYYYMM');
          CONTINUE WHEN to_regclass(part) IS NOT NULL;
          EXECUTE format('CREATE TABLE %I PARTITION OF audit_log FOR VALUES FROM (%L) TO (%L)', part, month, month + interval '1 month');
          EXECUTE format('CREATE TRIGGER keep_all BEFORE TRUNCATE ON %I FOR EACH STATEMENT EXECUTE FUNCTION refuse_audit_change()', part);
          -- Reached through the log only.
          EXECUTE format('REVOKE ALL ON %I FROM %I', part, service);
          steps := steps || ('made ' || part);
        END LOOP;
        -- Never less than a month, whoever asks.
        FOR part IN
          SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'audit_log'::regclass
            AND to_date(right(c.relname, 6), 'YYYYMM') + interval '1 month' < now() - make_interval(days => greatest(keep_days, 31))
        LOOP
          EXECUTE format('DROP TABLE %I', part);
          steps := steps || ('dropped ' || part);
        END LOOP;
        RETURN steps;
      END $$`);
    // With a tenant that is erased its log goes, too.
    await db.query(`
      CREATE FUNCTION erase_audit_log_of(of_tenant text) RETURNS int
      LANGUAGE plpgsql SECURITY DEFINER SET search_path FROM CURRENT AS $$
      DECLARE
        gone int;
      BEGIN
        IF NOT EXISTS (SELECT FROM tenant_standings WHERE tenant = of_tenant AND standing = 'erased') THEN
          RAISE EXCEPTION 'the audit log is append-only: the tenant % is not erased', of_tenant USING ERRCODE = 'insufficient_privilege';
        END IF;
        PERFORM set_config('carillon.erases_audit_log', of_tenant, true);
        DELETE FROM audit_log WHERE tenant = of_tenant;
        GET DIAGNOSTICS gone = ROW_COUNT;
        DELETE FROM audit_heads WHERE tenant = of_tenant;
        PERFORM set_config('carillon.erases_audit_log', '', true);
        RETURN gone;
      END $$`);
    // Nothing is left of it by then.
    await db.query(`
      CREATE FUNCTION erase_audit_heads_of(of_tenant text) RETURNS int LANGUAGE sql AS 'SELECT 0'`);
    await db.query('SELECT tend_audit_log(36500)');
    await db.query(`
      DO $$
      DECLARE
        service text := current_database() || '_' || current_schema();
        role text;
      BEGIN
        REVOKE ALL ON FUNCTION tend_audit_log(int) FROM PUBLIC;
        REVOKE ALL ON FUNCTION chain_audit_log() FROM PUBLIC;
        REVOKE ALL ON FUNCTION erase_audit_log_of(text) FROM PUBLIC;
        EXECUTE format('GRANT EXECUTE ON FUNCTION erase_audit_log_of(text) TO %I, %I', service, service || '_requests');
        EXECUTE format('GRANT EXECUTE ON FUNCTION tend_audit_log(int) TO %I', service);
        FOREACH role IN ARRAY ARRAY[service, service || '_requests'] LOOP
          EXECUTE format('REVOKE ALL ON audit_log, audit_heads FROM %I', role);
          EXECUTE format('GRANT SELECT ON audit_log, audit_heads TO %I', role);
          EXECUTE format('GRANT INSERT (${written}) ON audit_log TO %I', role);
        END LOOP;
      END $$`);
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP FUNCTION tend_audit_log(int)');
    await db.query('DROP FUNCTION erase_audit_log_of(text), erase_audit_heads_of(text)');
    await db.query('DROP FUNCTION audit_hash(audit_log)');
    await db.query('DROP TABLE audit_log, audit_heads');
    await db.query('DROP FUNCTION chain_audit_log(), refuse_audit_change()');
  }
}
