import { createHmac, timingSafeEqual } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@carillon/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { GatewayConfig } from '../config.ts';
import { Sessions } from './sessions.ts';

const maxAge = 365 * 24 * 3_600;

/**
 * Browsers with which a member has signed in before. Their attempts are counted by themselves, so that strangers who try a member's
 * password do not keep the member out
 * (https://owasp.org/www-community/Slow_Down_Online_Guessing_Attacks_with_Device_Cookies). Whoever has the cookie gains some attempts and nothing else.
 */
@Injectable()
export class KnownBrowsers {
  constructor(
    private readonly sessions: Sessions,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {}

  /** Whether this member was the last who has signed in with the browser. */
  has(request: FastifyRequest, tenant: string, email: string): boolean {
    const given = Buffer.from(this.sessions.cookieOf(request, 'known') ?? '');
    const expected = Buffer.from(this.proof(tenant, email));
    return given.length === expected.length && timingSafeEqual(given, expected);
  }

  /** The member has signed in. */
  remember(reply: FastifyReply, tenant: string, email: string): void {
    this.sessions.setCookie(reply, 'known', this.proof(tenant, email), { maxAge, sameSite: 'strict' });
  }

  private proof(tenant: string, email: string): string {
    const key = `known browsers ${this.config.CARILLON_SECRET}`;
    return createHmac('sha256', key)
      .update(JSON.stringify([tenant, email]))
      .digest('base64url');
  }
}
