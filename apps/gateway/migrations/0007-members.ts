import type { MigrationInterface, QueryRunner } from 'typeorm';

/** People who look after a tenant, their sessions, and how often somebody has tried to sign in. */
export class Members0007 implements MigrationInterface {
  name = 'Members0000000000007';

  async up(db: QueryRunner): Promise<void> {
    await db.query(`
      CREATE TABLE members (
        tenant                text        NOT NULL,
        id                    uuid        NOT NULL,
        email                 text        NOT NULL,
        name                  text        NOT NULL,
        role                  text        NOT NULL CHECK (role IN ('viewer', 'support', 'editor', 'owner')),
        password              text,
        openid_subject        text,
        invitation            bytea UNIQUE,
        invitation_expires_at timestamptz,
        created_at            timestamptz NOT NULL DEFAULT now(),
        created_by            text        NOT NULL,
        last_signed_in_at     timestamptz,
        PRIMARY KEY (tenant, id),
        UNIQUE (tenant, email),
        UNIQUE (tenant, openid_subject)
      )`);
    await db.query(`COMMENT ON COLUMN members.password IS 'argon2id in PHC form; NULL: none was chosen'`);
    await db.query(
      `COMMENT ON COLUMN members.openid_subject IS 'Issuer and subject, once they have signed in that way'`,
    );
    await db.query(`
      CREATE TABLE sessions (
        hash       bytea       PRIMARY KEY,
        id         uuid        NOT NULL,
        tenant     text        NOT NULL,
        member     uuid        NOT NULL,
        created_at timestamptz NOT NULL DEFAULT now(),
        seen_at    timestamptz NOT NULL DEFAULT now(),
        expires_at timestamptz NOT NULL,
        FOREIGN KEY (tenant, member) REFERENCES members ON DELETE CASCADE
      )`);
    await db.query('CREATE INDEX sessions_by_member ON sessions (tenant, member)');
    await db.query('CREATE INDEX sessions_by_expiry ON sessions (expires_at)');
    await db.query(`
      CREATE TABLE sign_in_attempts (
        subject  bytea       PRIMARY KEY,
        attempts int         NOT NULL,
        ends_at  timestamptz NOT NULL
      )`);
    await db.query(`COMMENT ON COLUMN sign_in_attempts.subject IS 'A keyed hash: neither addresses nor emails'`);
    await db.query(
      `COMMENT ON TABLE sign_in_attempts IS 'shared by all tenants: counted by address too, before it is known who signs in'`,
    );
    await db.query('CREATE INDEX sign_in_attempts_by_end ON sign_in_attempts (ends_at)');
  }

  async down(db: QueryRunner): Promise<void> {
    await db.query('DROP TABLE sign_in_attempts, sessions, members');
  }
}
