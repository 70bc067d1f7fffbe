import { Inject, Injectable, Logger } from '@nestjs/common';
import { Problem, tenantSchema } from '@carillon/contracts';
import { CONFIG, ConfigError, SecretBox } from '@carillon/service';
import * as client from 'openid-client';
import { z } from 'zod';
import type { GatewayConfig } from '../config.ts';

/** Seconds in which somebody signs in at the provider. */
export const openIdSeconds = 600;
const timeoutSeconds = 10;
const owner = ['sign-in with OpenID Connect'];

/** What is remembered, sealed in a cookie, until the person comes back. */
const journeySchema = z.object({
  tenant: tenantSchema,
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  until: z.number(),
});

/** Whom the provider has made known. */
export interface Identified {
  tenant: string;
  /** Of this provider for good: issuer and subject. */
  subject: string;
  /** Only where the provider says that it is verified. */
  email: string | undefined;
}

/**
 * Sign-in at the installation's identity provider: OpenID Connect, authorization code with PKCE (RFC 9700), state and nonce. The
 * provider says who somebody is; whether they are a member, and in which role, is decided here.
 */
@Injectable()
export class OpenId {
  private readonly logger = new Logger(OpenId.name);
  private discovered?: Promise<client.Configuration>;

  /** @throws ConfigError when only a part of what is needed is set */
  constructor(
    private readonly box: SecretBox,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {
    const { OPENID_ISSUER, OPENID_CLIENT_ID, OPENID_CLIENT_SECRET, PUBLIC_URL } = config;
    const some = [OPENID_ISSUER, OPENID_CLIENT_ID, OPENID_CLIENT_SECRET].some((value) => value !== undefined);
    if (some && !(OPENID_ISSUER && OPENID_CLIENT_ID && PUBLIC_URL))
      throw new ConfigError('Sign-in with OpenID Connect needs OPENID_ISSUER, OPENID_CLIENT_ID and PUBLIC_URL');
  }

  /** What the button says; undefined where there is no provider. */
  get name(): string | undefined {
    const { OPENID_ISSUER, OPENID_NAME } = this.config;
    return OPENID_ISSUER && (OPENID_NAME ?? new URL(OPENID_ISSUER).hostname);
  }

  /**
   * @returns where to send the browser, and what it is to bring back
   * @throws Problem 404 where there is no provider; 503 while it is away
   */
  async begin(tenant: string): Promise<{ url: string; journey: string }> {
    const provider = await this.provider();
    const [state, nonce, verifier] = [client.randomState(), client.randomNonce(), client.randomPKCECodeVerifier()];
    const url = client.buildAuthorizationUrl(provider, {
      redirect_uri: this.redirectUri,
      scope: 'openid email profile',
      code_challenge: await client.calculatePKCECodeChallenge(verifier),
      code_challenge_method: 'S256',
      state,
      nonce,
    });
    const journey = { tenant, state, nonce, verifier, until: Date.now() + openIdSeconds * 1000 };
    return { url: url.href, journey: this.box.seal(JSON.stringify(journey), owner) };
  }

  /**
   * @param search what the provider has sent along: `?code=…&state=…`
   * @param journey what {@link begin} gave out
   * @returns undefined where the provider says no, or the answer is not one to our question
   * @throws Problem 503 while the provider is away
   */
  async finish(search: string, journey: string | undefined): Promise<Identified | undefined> {
    const begun = this.opened(journey);
    if (!begun) return undefined;
    const provider = await this.provider();
    try {
      const tokens = await client.authorizationCodeGrant(provider, new URL(this.redirectUri + search), {
        pkceCodeVerifier: begun.verifier,
        expectedState: begun.state,
        expectedNonce: begun.nonce,
        idTokenExpected: true,
      });
      const claims = tokens.claims()!;
      const about =
        claims.email === undefined && provider.serverMetadata().userinfo_endpoint
          ? await client.fetchUserInfo(provider, tokens.access_token, claims.sub)
          : claims;
      const isVerified = about.email_verified === true && typeof about.email === 'string';
      return {
        tenant: begun.tenant,
        subject: JSON.stringify([claims.iss, claims.sub]),
        email: isVerified ? String(about.email).trim().toLowerCase() : undefined,
      };
    } catch (error) {
      // Codes only: descriptions may quote whatever the provider or the browser has said.
      const { name, code } = error as Error & { code?: string; error?: string };
      this.logger.warn({ msg: 'a sign-in with OpenID Connect has failed', reason: code ?? name });
      return undefined;
    }
  }

  private get redirectUri(): string {
    return `${this.config.PUBLIC_URL}/v1/admin/session/openid/callback`;
  }

  private async provider(): Promise<client.Configuration> {
    const { OPENID_ISSUER } = this.config;
    if (!OPENID_ISSUER) throw Problem.notFound('identity provider', 'openid');
    try {
      return await (this.discovered ??= this.discover(new URL(OPENID_ISSUER)));
    } catch (error) {
      this.discovered = undefined;
      this.logger.warn({ msg: 'the identity provider cannot be reached', error: (error as Error).message });
      throw Problem.unavailable('The identity provider cannot be reached right now.');
    }
  }

  private discover(issuer: URL): Promise<client.Configuration> {
    return client.discovery(issuer, this.config.OPENID_CLIENT_ID!, this.config.OPENID_CLIENT_SECRET, undefined, {
      timeout: timeoutSeconds,
      // Plain http is the operator's own choice, for a provider beside it or in development.
      execute: issuer.protocol === 'http:' ? [client.allowInsecureRequests] : [],
    });
  }

  private opened(journey: string | undefined): z.infer<typeof journeySchema> | undefined {
    try {
      const { data } = journeySchema.safeParse(JSON.parse(this.box.open(journey ?? '', owner)));
      return data && data.until > Date.now() ? data : undefined;
    } catch {
      return undefined;
    }
  }
}
