import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { freshId, Problem } from '@carillon/contracts';
import { CONFIG } from '@carillon/service';
import { parseCookie, stringifySetCookie } from 'cookie';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { DataSource } from 'typeorm';
import type { Caller, Role } from '../access/scopes.ts';
import type { GatewayConfig } from '../config.ts';
import { requireOwnPage } from './own-page.ts';

export type MemberCaller = Extract<Caller, { kind: 'member' }>;

/** The header that must come with every change, beside the cookie. */
export const csrfHeader = 'x-csrf-token';

const tokenPattern = /^[\w-]{43}$/;

/** `known`: see KnownBrowsers. */
type CookieName = 'session' | 'openid' | 'known';

/** A session as whoever has it sees it. */
export interface Session {
  tenant: string;
  member: { id: string; email: string; name: string; role: Role };
  /** To be sent in the header X-CSRF-Token with every change. */
  csrf_token: string;
  /** At the latest; without use it ends before. */
  expires_at: Date;
}

interface SessionRow {
  id: string;
  tenant: string;
  member: string;
  email: string;
  name: string;
  role: Role;
  expires_at: Date;
}

/**
 * Sessions of members in the console. The cookie has 256 random bits that no script can read; the database has their hash. Who has
 * the cookie and no CSRF token, which follows from it and only this origin's pages are told, can change nothing.
 */
@Injectable()
export class Sessions {
  private readonly secure: boolean;
  /** RFC 6265bis, section 4.1.3: with `__Host-` no other host and no page without TLS can set it. */
  readonly cookie: string;

  constructor(
    private readonly db: DataSource,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {
    this.secure = config.PUBLIC_URL?.startsWith('https:') ?? false;
    this.cookie = this.nameOf('session');
  }

  /** Begins a session of a member who has proved who they are, in the place of the one that the browser may have had. */
  async open(tenant: string, member: string, request: FastifyRequest, reply: FastifyReply): Promise<Session> {
    const former = this.tokenOf(request);
    const token = randomBytes(32).toString('base64url');
    const maxAge = this.config.SESSION_HOURS * 3_600;
    await this.db.transaction(async (db) => {
      if (former) await db.query('DELETE FROM sessions WHERE hash = $1', [hashOf(former)]);
      await db.query(
        `INSERT INTO sessions (hash, id, tenant, member, expires_at) VALUES ($1, $2, $3, $4, now() + $5 * interval '1 second')`,
        [hashOf(token), freshId(), tenant, member, maxAge],
      );
    });
    this.setCookie(reply, 'session', token, { maxAge, sameSite: 'strict' });
    return this.seen(token, (await this.find(token))!);
  }

  /**
   * Who has signed in, by the cookie of a request.
   * @throws Problem 403 `csrf_token_invalid`, `foreign_origin` for a change that no page of ours has made
   */
  async callerOf(request: FastifyRequest): Promise<MemberCaller | undefined> {
    const token = this.tokenOf(request);
    const row = token && (await this.find(token));
    if (!row) return undefined;
    if (!['GET', 'HEAD'].includes(request.method)) {
      requireOwnPage(request, this.config.PUBLIC_URL);
      requireCsrfToken(request, token);
    }
    const { id, tenant, member, name, role } = row;
    return { kind: 'member', tenant, memberId: member, sessionId: id, name, role };
  }

  /** The session of a request. @throws Problem 404 when it has ended meanwhile */
  async current(request: FastifyRequest): Promise<Session> {
    const token = this.tokenOf(request);
    const row = token && (await this.find(token));
    if (!row) throw Problem.notFound('session', 'current');
    return this.seen(token, row);
  }

  async close({ tenant, sessionId }: MemberCaller, reply: FastifyReply): Promise<void> {
    await this.db.query('DELETE FROM sessions WHERE tenant = $1 AND id = $2', [tenant, sessionId]);
    this.forget(reply);
  }

  /** Signs a member out everywhere. @returns how many sessions they had */
  async closeAll(tenant: string, member: string): Promise<number> {
    const [, count] = await this.db.query<[unknown, number]>('DELETE FROM sessions WHERE tenant = $1 AND member = $2', [
      tenant,
      member,
    ]);
    return count;
  }

  /** Takes the cookie away. */
  forget(reply: FastifyReply): void {
    this.setCookie(reply, 'session', '', { maxAge: 0, sameSite: 'strict' });
  }

  /** The value of one of our cookies. */
  cookieOf(request: FastifyRequest, name: CookieName): string | undefined {
    return parseCookie(request.headers.cookie ?? '')[this.nameOf(name)];
  }

  /** @param maxAge seconds; 0 takes it away */
  setCookie(
    reply: FastifyReply,
    name: CookieName,
    value: string,
    { maxAge, sameSite }: { maxAge: number; sameSite: 'strict' | 'lax' },
  ): void {
    const cookie = { value, maxAge, sameSite, httpOnly: true, secure: this.secure, path: '/' };
    void reply.header('set-cookie', stringifySetCookie({ name: this.nameOf(name), ...cookie }));
  }

  private nameOf(name: CookieName): string {
    return `${this.secure ? '__Host-' : ''}carillon_${name}`;
  }

  /** The secret in the cookie of a request; undefined where there is none that could be one. */
  tokenOf(request: FastifyRequest): string | undefined {
    const token = this.cookieOf(request, 'session');
    return token !== undefined && tokenPattern.test(token) ? token : undefined;
  }

  /** One that has not expired; that it was used is noted once a minute. */
  private async find(token: string): Promise<SessionRow | undefined> {
    const [row] = await this.db.query<SessionRow[]>(
      `WITH found AS (
         SELECT s.hash, s.id, s.tenant, s.member, s.seen_at, s.expires_at, m.email, m.name, m.role
         FROM sessions s JOIN members m ON m.tenant = s.tenant AND m.id = s.member
         WHERE s.hash = $1 AND s.expires_at > now() AND s.seen_at > now() - $2 * interval '1 minute'
       ), seen AS (
         UPDATE sessions s SET seen_at = now() FROM found
         WHERE s.hash = found.hash AND found.seen_at < now() - interval '1 minute'
       )
       SELECT id, tenant, member, email, name, role, expires_at FROM found`,
      [hashOf(token), this.config.SESSION_IDLE_MINUTES],
    );
    return row;
  }

  private seen(token: string, { tenant, member, email, name, role, expires_at }: SessionRow): Session {
    return { tenant, member: { id: member, email, name, role }, csrf_token: csrfTokenOf(token), expires_at };
  }
}

/** It proves that whoever sends it may read our answers, which the pages of other origins may not. */
function csrfTokenOf(token: string): string {
  return createHmac('sha256', token).update('csrf').digest('base64url');
}

function requireCsrfToken({ headers }: FastifyRequest, token: string): void {
  const given = Buffer.from(String(headers[csrfHeader] ?? ''));
  const expected = Buffer.from(csrfTokenOf(token));
  if (given.length === expected.length && timingSafeEqual(given, expected)) return;
  throw new Problem({
    status: 403,
    code: 'csrf_token_invalid',
    title: 'The request does not come from the console',
    detail: 'Send csrf_token of GET /v1/admin/session in the header X-CSRF-Token.',
  });
}

function hashOf(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}
