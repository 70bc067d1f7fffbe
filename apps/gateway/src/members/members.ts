import { createHash, randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { freshId, Problem } from '@carillon/contracts';
import { DataSource, type EntityManager } from 'typeorm';
import type { Role } from '../access/scopes.ts';

/** How long an invitation may be accepted. */
export const invitationDays = 7;

const isActive = '(password IS NOT NULL OR openid_subject IS NOT NULL)';
const columns = `id, email, name, role, CASE WHEN ${isActive} THEN 'active' ELSE 'invited' END AS state,
  password IS NOT NULL AS has_password, openid_subject IS NOT NULL AS has_openid,
  created_at, created_by, last_signed_in_at, invitation_expires_at`;

/** Somebody who looks after a tenant. */
export interface Member {
  id: string;
  email: string;
  name: string;
  role: Role;
  /** `invited` until they have signed in for the first time. */
  state: 'invited' | 'active';
  has_password: boolean;
  has_openid: boolean;
  created_at: Date;
  created_by: string;
  last_signed_in_at: Date | null;
  invitation_expires_at: Date | null;
}

/** What accepts an invitation; told once. */
export interface Invitation {
  token: string;
  expires_at: Date;
}

/** A member with what signing in takes; never shown. */
export interface MemberWithPassword {
  tenant: string;
  id: string;
  name: string;
  role: Role;
  password: string | null;
}

/** The members of all tenants. */
@Injectable()
export class Members {
  constructor(private readonly db: DataSource) {}

  /** Oldest first. */
  async list(
    tenant: string,
    { limit, after }: { limit: number; after: string | null },
  ): Promise<{ data: Member[]; next: string | null }> {
    const rows: Member[] = await this.db.query(
      `SELECT ${columns} FROM members WHERE tenant = $1 AND ($2::uuid IS NULL OR id > $2) ORDER BY id LIMIT $3`,
      [tenant, after, limit + 1],
    );
    const data = rows.slice(0, limit);
    return { data, next: rows.length > limit ? data.at(-1)!.id : null };
  }

  /** @throws Problem 404 */
  async get(tenant: string, id: string): Promise<Member> {
    const [row] = await this.db.query<Member[]>(`SELECT ${columns} FROM members WHERE tenant = $1 AND id = $2`, [
      tenant,
      id,
    ]);
    if (!row) throw Problem.notFound('member', id);
    return row;
  }

  /** @throws Problem 409 `member_exists` */
  async invite(
    tenant: string,
    { email, name, role, by }: { email: string; name: string; role: Role; by: string },
  ): Promise<{ member: Member; invitation: Invitation }> {
    const invitation = newInvitation();
    const [member] = await this.db.query<Member[]>(
      `INSERT INTO members (tenant, id, email, name, role, created_by, invitation, invitation_expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (tenant, email) DO NOTHING RETURNING ${columns}`,
      [tenant, freshId(), email, name, role, by, hashOf(invitation.token), invitation.expires_at],
    );
    if (member) return { member, invitation };
    throw new Problem({
      status: 409,
      code: 'member_exists',
      title: 'There is a member with this email',
      detail: 'Change their role, or send them a new invitation.',
    });
  }

  /**
   * Makes another invitation; one that was made before is worth nothing any more. Who accepts it chooses a new password.
   * @throws Problem 404
   */
  async inviteAgain(tenant: string, id: string): Promise<{ member: Member; invitation: Invitation }> {
    const invitation = newInvitation();
    const [[member]] = await this.db.query<[Member[]]>(
      `UPDATE members SET invitation = $3, invitation_expires_at = $4 WHERE tenant = $1 AND id = $2 RETURNING ${columns}`,
      [tenant, id, hashOf(invitation.token), invitation.expires_at],
    );
    if (!member) throw Problem.notFound('member', id);
    return { member, invitation };
  }

  /**
   * Sees to it that the tenant's first owner can get in: makes them, or makes their invitation valid again. Once some owner has
   * signed in it does nothing.
   * @param token of the invitation; left out: the owner signs in with OpenID Connect
   */
  async inviteFirstOwner(tenant: string, email: string, token: string | undefined): Promise<void> {
    await this.db.query(
      `INSERT INTO members (tenant, id, email, name, role, created_by, invitation, invitation_expires_at)
       SELECT $1, $2, $3, $3, 'owner', 'settings', $4::bytea, now() + $5 * interval '1 day'
       WHERE NOT EXISTS (SELECT FROM members WHERE tenant = $1 AND role = 'owner' AND ${isActive})
       ON CONFLICT (tenant, email) DO UPDATE SET role = 'owner', invitation = excluded.invitation,
         invitation_expires_at = excluded.invitation_expires_at`,
      [tenant, freshId(), email, token === undefined ? null : hashOf(token), invitationDays],
    );
  }

  /** @throws Problem 404; 409 `last_owner` */
  change(tenant: string, id: string, { name, role }: { name?: string; role?: Role }): Promise<Member> {
    return this.keepingAnOwner(tenant, id, role === undefined || role === 'owner', async (db) => {
      const [[member]] = await db.query<[Member[]]>(
        `UPDATE members SET name = coalesce($3, name), role = coalesce($4, role) WHERE tenant = $1 AND id = $2
         RETURNING ${columns}`,
        [tenant, id, name ?? null, role ?? null],
      );
      return member;
    });
  }

  /** With their sessions. @throws Problem 404; 409 `last_owner` */
  remove(tenant: string, id: string): Promise<Member> {
    return this.keepingAnOwner(tenant, id, false, async (db) => {
      const [[member]] = await db.query<[Member[]]>(
        `DELETE FROM members WHERE tenant = $1 AND id = $2 RETURNING ${columns}`,
        [tenant, id],
      );
      return member;
    });
  }

  /** By what is typed into the sign-in form. */
  async byEmail(tenant: string, email: string): Promise<MemberWithPassword | undefined> {
    const [row] = await this.db.query<MemberWithPassword[]>(
      'SELECT tenant, id, name, role, password FROM members WHERE tenant = $1 AND email = $2',
      [tenant, email],
    );
    return row;
  }

  /** @throws Problem 404 */
  async withPassword(tenant: string, id: string): Promise<MemberWithPassword> {
    const [row] = await this.db.query<MemberWithPassword[]>(
      'SELECT tenant, id, name, role, password FROM members WHERE tenant = $1 AND id = $2',
      [tenant, id],
    );
    if (!row) throw Problem.notFound('member', id);
    return row;
  }

  /** @param password hashed */
  async setPassword(tenant: string, id: string, password: string): Promise<void> {
    await this.db.query('UPDATE members SET password = $3 WHERE tenant = $1 AND id = $2', [tenant, id, password]);
  }

  async signedIn(tenant: string, id: string): Promise<void> {
    await this.db.query('UPDATE members SET last_signed_in_at = now() WHERE tenant = $1 AND id = $2', [tenant, id]);
  }

  /** Whether an invitation could be accepted now. */
  async isInvitation(token: string): Promise<boolean> {
    const query = 'SELECT FROM members WHERE invitation = $1 AND invitation_expires_at > now()';
    return (await this.db.query<object[]>(query, [hashOf(token)])).length > 0;
  }

  /**
   * Uses an invitation up: one of several who try at the same time gets in.
   * @param password hashed
   * @returns undefined where there is no such invitation (any more)
   */
  async accept(
    token: string,
    { password, name }: { password: string; name?: string },
  ): Promise<MemberWithPassword | undefined> {
    const [[row]] = await this.db.query<[MemberWithPassword[]]>(
      `UPDATE members SET password = $2, name = coalesce($3, name), invitation = NULL, invitation_expires_at = NULL
       WHERE invitation = $1 AND invitation_expires_at > now() RETURNING tenant, id, name, role, password`,
      [hashOf(token), password, name ?? null],
    );
    return row;
  }

  /**
   * The member whom an identity provider has made known: by its subject, or the first time by an email that it has verified.
   * @param email undefined where it is not verified
   */
  async byOpenId(tenant: string, subject: string, email: string | undefined): Promise<MemberWithPassword | undefined> {
    const [[row]] = await this.db.query<[MemberWithPassword[]]>(
      `UPDATE members SET openid_subject = $2, invitation = NULL, invitation_expires_at = NULL
       WHERE tenant = $1 AND (openid_subject = $2 OR (email = $3 AND openid_subject IS NULL
         AND NOT EXISTS (SELECT FROM members WHERE tenant = $1 AND openid_subject = $2)))
       RETURNING tenant, id, name, role, password`,
      [tenant, subject, email ?? null],
    );
    return row;
  }

  /**
   * Changes a member under a lock on the owners, so that two of them cannot make each other the last.
   * @param stays whether the member is an owner afterwards, if they were before
   */
  private keepingAnOwner(
    tenant: string,
    id: string,
    stays: boolean,
    work: (db: EntityManager) => Promise<Member | undefined>,
  ): Promise<Member> {
    return this.db.transaction(async (db) => {
      const owners = await db.query<{ id: string; active: boolean }[]>(
        `SELECT id, ${isActive} AS active FROM members WHERE tenant = $1 AND role = 'owner' ORDER BY id FOR UPDATE`,
        [tenant],
      );
      const active = owners.filter((owner) => owner.active);
      if (!stays && active.length === 1 && active[0]!.id === id)
        throw new Problem({
          status: 409,
          code: 'last_owner',
          title: 'A tenant needs an owner',
          detail: 'This is the last one who has signed in; make somebody else owner first.',
        });
      const member = await work(db);
      if (!member) throw Problem.notFound('member', id);
      return member;
    });
  }
}

function newInvitation(): Invitation {
  return {
    token: randomBytes(32).toString('base64url'),
    expires_at: new Date(Date.now() + invitationDays * 86_400_000),
  };
}

/** Random enough to need no slow hash. */
function hashOf(token: string): Buffer {
  return createHash('sha256').update(`invitation ${token}`).digest();
}
