import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { exportJWK, generateKeyPair } from 'jose';
// @ts-expect-error it brings no types
import Provider from 'oidc-provider';
// @ts-expect-error it brings no types
import MemoryAdapter from 'oidc-provider/lib/adapters/memory_adapter.js';

/** What somebody is known by at the provider. */
export interface Person {
  email: string;
  email_verified: boolean;
}

/** A real OpenID provider in which one person at a time is about to sign in, without a page that asks. */
export class IdentityProvider {
  readonly people = new Map<string, Person>();
  /** Who signs in next; undefined: they refuse. */
  next?: string;

  private constructor(
    private readonly server: Server,
    readonly issuer: string,
  ) {}

  /** @param redirectUri the one to which its client may lead back */
  static async start(redirectUri: string): Promise<IdentityProvider> {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const identities = new IdentityProvider(server, issuer);
    const { privateKey } = await generateKeyPair('RS256', { extractable: true });
    const provider = new Provider(issuer, {
      clients: [{ client_id: 'carillon', client_secret: 'the secret of this client', redirect_uris: [redirectUri] }],
      jwks: { keys: [{ ...(await exportJWK(privateKey)), kid: 'k', use: 'sig', alg: 'RS256' }] },
      cookies: { keys: ['a key for tests'] },
      claims: { openid: ['sub'], email: ['email', 'email_verified'], profile: ['name'] },
      // Of our own, by its name: it warns of its own one, which keeps nothing. Nor should it here.
      adapter: class extends MemoryAdapter {},
      ttl: { Interaction: 600, Grant: 600, Session: 600, AccessToken: 600, IdToken: 600, AuthorizationCode: 60 },
      pkce: { required: () => true },
      features: { devInteractions: { enabled: false } },
      interactions: { url: (_: unknown, { uid }: { uid: string }) => `/interaction/${uid}` },
      findAccount: (_: unknown, id: string) => ({
        accountId: id,
        claims: () => ({ sub: id, ...identities.people.get(id) }),
      }),
    });
    const answer = provider.callback();
    server.on('request', (request, response) => {
      if (request.url?.startsWith('/interaction/')) void identities.settle(provider, request, response);
      else answer(request, response);
    });
    return identities;
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async settle(provider: any, request: IncomingMessage, response: ServerResponse): Promise<void> {
    const accountId = this.next;
    if (accountId === undefined) return provider.interactionFinished(request, response, { error: 'access_denied' }, {});
    const grant = new provider.Grant({ accountId, clientId: 'carillon' });
    grant.addOIDCScope('openid email profile');
    const result = { login: { accountId, remember: false }, consent: { grantId: await grant.save() } };
    await provider.interactionFinished(request, response, result, { mergeWithLastSubmission: false });
  }
}
