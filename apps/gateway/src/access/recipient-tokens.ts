import { createHmac } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import { Problem, recipientIdSchema, tenantSchema } from '@carillon/contracts';
import { CONFIG } from '@carillon/service';
import {
  decodeJwt,
  decodeProtectedHeader,
  errors,
  jwtVerify,
  SignJWT,
  type JWTPayload,
  type JWTVerifyOptions,
} from 'jose';
import type { GatewayConfig } from '../config.ts';
import { KeySetAway } from './key-sets.ts';
import type { Caller } from './scopes.ts';
import { TokenKeys, type TokenKeysInUse, type TokenSigner } from './token-keys.ts';

/** What tokens that are minted here, or signed with a tenant's secret, are for. */
export const audience = 'carillon';
/** Seconds that the clock of whoever signs may go wrong. */
const clockTolerance = 30;
const requiredClaims = ['sub', 'exp', 'tenant'];

interface Recipient {
  tenant: string;
  recipient: string;
}
type RecipientCaller = Extract<Caller, { kind: 'recipient' }>;

/** By which key a token is known to be genuine; `minted`: by the installation's own. */
export type Signer = typeof minted | TokenSigner;
export const minted = 'minted';

type KeysOf = () => Promise<TokenKeysInUse | undefined>;

/** What is in a token, and what has proved it. */
interface Verified {
  payload: JWTPayload;
  signer: Signer;
}

/** What a token says: whose it is and until when, or why it says nothing. */
export type TokenReading =
  | { caller: RecipientCaller; expires_at: Date; signer: Signer }
  /** It was genuine. */
  | { refused: 'token_expired'; expired: Recipient }
  /** `unavailable`: it may be genuine, but the tenant's key set cannot be had right now. */
  | { refused: 'unauthorized' | 'unavailable' };

/**
 * Recipient tokens: short-lived JWTs (RFC 7519). They are signed with HS256 under a key of the tenant's own that follows from the
 * installation's secret (those that are minted here), with HS256 under a secret that the tenant has set up, or with a key of the
 * tenant's key set. Which of these may verify a token is decided by its algorithm and by what the tenant has set up (RFC 8725,
 * section 3.1); a public key never serves as a secret.
 */
@Injectable()
export class RecipientTokens {
  constructor(
    private readonly keys: TokenKeys,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {}

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

  /**
   * Whose token it is, or was; undefined when it is malformed or forged.
   * @param asks see {@link read}
   * @throws Problem 503 while nobody can say
   */
  async verify(token: string, asks: boolean): Promise<Caller | { expired: Recipient } | undefined> {
    const reading = await this.read(token, asks);
    if ('caller' in reading) return reading.caller;
    if (reading.refused === 'token_expired') return reading;
    if (reading.refused === 'unavailable')
      throw Problem.unavailable('The key set by which tokens of this tenant are known cannot be fetched right now.');
    return undefined;
  }

  /**
   * The same with its expiry. Only a token that was genuine is called expired; a malformed or forged one is `unauthorized`.
   * @param asks whether the database may be asked for the keys of a tenant that is not known here; otherwise its tokens count as forged
   */
  async read(token: string, asks = true): Promise<TokenReading> {
    try {
      const { alg, kid } = decodeProtectedHeader(token);
      const { tenant } = decodeJwt(token);
      if (typeof tenant !== 'string' || !tenantSchema.safeParse(tenant).success) return { refused: 'unauthorized' };
      const keys = () => (asks ? this.keys.inUse(tenant) : this.keys.ofKnown(tenant));
      const verified =
        alg === 'HS256' ? await this.bySecret(token, tenant, kid, keys) : await this.byKeySet(token, tenant, keys);
      const { data: recipient } = recipientIdSchema.safeParse(verified?.payload.sub);
      if (verified === undefined || recipient === undefined) return { refused: 'unauthorized' };
      const { payload, signer } = verified;
      return { caller: { kind: 'recipient', tenant, recipient }, expires_at: new Date(payload.exp! * 1000), signer };
    } catch (error) {
      if (error instanceof KeySetAway || error instanceof errors.JWKSTimeout) return { refused: 'unavailable' };
      if (error instanceof errors.JWTExpired) return expired(error.payload);
      if (error instanceof errors.JOSEError || error instanceof TypeError) return { refused: 'unauthorized' };
      throw error;
    }
  }

  /** Minted here: without `kid`. Signed with a secret of the tenant: with its `kid`, or without one, as many libraries do. */
  private async bySecret(
    token: string,
    tenant: string,
    kid: string | undefined,
    keys: KeysOf,
  ): Promise<Verified | undefined> {
    const options = { algorithms: ['HS256'], audience, requiredClaims };
    if (kid === undefined) {
      const payload = await verified(token, this.keyOf(tenant), options);
      if (payload) return { payload, signer: minted };
    }
    const secrets = (await keys())?.secrets ?? [];
    for (const { secret, signer } of secrets.filter((one) => kid === undefined || one.kid === kid)) {
      const payload = await verified(token, secret, { ...options, clockTolerance });
      if (payload) return { payload, signer };
    }
    return undefined;
  }

  private async byKeySet(token: string, tenant: string, keys: KeysOf): Promise<Verified | undefined> {
    const keySet = (await keys())?.keySet;
    if (!keySet) return undefined;
    const { url, algorithms, issuer, audience, signer } = keySet;
    const options = { algorithms, audience, requiredClaims, clockTolerance, ...(issuer !== null && { issuer }) };
    const { payload } = await jwtVerify(token, this.keys.sets.of(tenant, url), options);
    return { payload, signer };
  }

  private keyOf(tenant: string): Uint8Array {
    return createHmac('sha256', this.config.CARILLON_SECRET).update(`recipient tokens of ${tenant}`).digest();
  }
}

/** Its signature has been verified before its times are. */
function expired({ tenant, sub }: JWTPayload): TokenReading {
  const { data: recipient } = recipientIdSchema.safeParse(sub);
  if (recipient === undefined) return { refused: 'unauthorized' };
  return { refused: 'token_expired', expired: { tenant: tenant as string, recipient } };
}

/** Undefined where it was signed with another key. @throws JOSEError where it was signed with this one, but is not valid */
async function verified(token: string, key: Uint8Array, options: JWTVerifyOptions): Promise<JWTPayload | undefined> {
  try {
    return (await jwtVerify(token, key, options)).payload;
  } catch (error) {
    if (error instanceof errors.JWSSignatureVerificationFailed) return undefined;
    throw error;
  }
}
