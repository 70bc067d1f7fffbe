import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { CONFIG } from '@carillon/service';
import { decodeJwt, errors, jwtVerify, SignJWT } from 'jose';
import type { GatewayConfig } from '../config.ts';
import type { Caller } from './scopes.ts';

const audience = 'carillon';

type RecipientCaller = Extract<Caller, { kind: 'recipient' }>;

/** What a token says: whose it is and until when, or why it says nothing. */
export type TokenReading =
  { caller: RecipientCaller; expires_at: Date } | { refused: 'unauthorized' | 'token_expired' };

/**
 * Recipient tokens: short-lived JWTs (RFC 7519) signed with HS256 under a key of the tenant's own, derived from the
 * installation's secret. Only HS256 is accepted, whatever the token's header says.
 */
@Injectable()
export class RecipientTokens {
  constructor(@Inject(CONFIG) private readonly config: GatewayConfig) {}

  /** Mints a token for one recipient. */
  async mint(tenant: string, recipient: string): Promise<{ token: string; expires_at: string }> {
    const expires = Math.floor(Date.now() / 1000) + this.config.RECIPIENT_TOKEN_TTL;
    const token = await new SignJWT({ tenant })
      .setProtectedHeader({ alg: 'HS256', typ: 'JWT' })
      .setSubject(recipient)
      .setAudience(audience)
      .setIssuedAt()
      .setExpirationTime(expires)
      .sign(this.keyOf(tenant));
    return { token, expires_at: new Date(expires * 1000).toISOString() };
  }

  /** Whose token it is; undefined when it is malformed, forged or expired. */
  async verify(token: string): Promise<Caller | undefined> {
    const reading = await this.read(token);
    return 'caller' in reading ? reading.caller : undefined;
  }

  /** The same with its expiry. Only a token that was genuine is called expired; a malformed or forged one is `unauthorized`. */
  async read(token: string): Promise<TokenReading> {
    try {
      const { tenant: claimed } = decodeJwt(token);
      if (typeof claimed !== 'string') return { refused: 'unauthorized' };
      const { payload } = await jwtVerify(token, this.keyOf(claimed), {
        algorithms: ['HS256'],
        audience,
        requiredClaims: ['sub', 'exp', 'tenant'],
      });
      const caller = { kind: 'recipient', tenant: claimed, recipient: payload.sub! } as const;
      return { caller, expires_at: new Date(payload.exp! * 1000) };
    } catch (error) {
      return { refused: error instanceof errors.JWTExpired ? 'token_expired' : 'unauthorized' };
    }
  }

  private keyOf(tenant: string): Uint8Array {
    return createHmac('sha256', this.config.CARILLON_SECRET).update(`recipient tokens of ${tenant}`).digest();
  }
}
