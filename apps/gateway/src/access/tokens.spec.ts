import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { OutboundGuard } from '@carillon/service';
import { startTestService, VendorDouble, type TestService } from '@carillon/testing';
import { exportJWK, generateKeyPair, SignJWT, type JWK } from 'jose';
import { service } from '../service.ts';
import { KeySetAway, KeySets } from './key-sets.ts';
import { RecipientTokens } from './recipient-tokens.ts';

const admin = 'ck_development-key-for-tests-only';
const path = '/v1/admin/tokens';

interface Signer {
  kid: string;
  alg: string;
  privateKey: CryptoKey;
  jwk: JWK;
}

async function signer(kid: string, alg = 'RS256'): Promise<Signer> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

interface Claims {
  tenant?: string;
  aud?: string;
  iss?: string;
  exp?: number;
  nbf?: number;
  sub?: string;
}
const now = () => Math.floor(Date.now() / 1000);
const claims = (changes: Claims = {}) => ({
  sub: 'amina',
  tenant: 'default',
  aud: 'carillon',
  exp: now() + 600,
  ...changes,
});
const signed = ({ kid, alg, privateKey }: Signer, changes: Claims = {}) =>
  new SignJWT(claims(changes)).setProtectedHeader({ alg, kid }).sign(privateKey);
const signedHs256 = (secret: string, kid?: string, changes: Claims = {}) =>
  new SignJWT(claims(changes)).setProtectedHeader({ alg: 'HS256', kid }).sign(new TextEncoder().encode(secret));

describe('recipient tokens that a tenant signs itself', () => {
  let test: TestService;
  let provider: VendorDouble;

  beforeAll(async () => {
    provider = await VendorDouble.start();
    test = await startTestService(service, { DEV_API_KEY: admin, ALLOW_PRIVATE_URLS: '127.0.0.1' });
  });

  afterAll(async () => {
    await test.close();
    await provider.close();
  });

  async function call(method: string, path: string, body?: unknown, key = admin) {
    const response = await fetch(test.running.url + path, {
      method,
      headers: { authorization: `Bearer ${key}`, ...(body !== undefined && { 'content-type': 'application/json' }) },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status: response.status, json: (await response.json()) as any };
  }

  /** 403 is for somebody who is known: this route is for admins. */
  const known = { status: 403, json: { code: 'forbidden' } };
  const unknown = { status: 401, json: { code: 'unauthorized' } };
  const visit = (token: string) => call('GET', path, undefined, token);

  describe('with a secret', () => {
    afterEach(async () => {
      for (const { kid } of (await call('GET', path)).json.secrets) await call('DELETE', `${path}/secrets/${kid}`);
    });

    it('are known while the secret is there, by its kid or without one', async () => {
      const { status, json } = await call('POST', `${path}/secrets`, {});
      expect(status).toBe(201);
      expect(Buffer.from(json.secret, 'base64url').length).toBe(32);
      expect(await visit(await signedHs256(json.secret, json.kid))).toMatchObject(known);
      expect(await visit(await signedHs256(json.secret))).toMatchObject(known);
      expect(await visit(await signedHs256(json.secret, 'another'))).toMatchObject(unknown);
      expect(await visit(await signedHs256(json.secret, json.kid, { tenant: 'other' }))).toMatchObject(unknown);
      expect((await call('DELETE', `${path}/secrets/${json.kid}`)).status).toBe(200);
      expect(await visit(await signedHs256(json.secret, json.kid))).toMatchObject(unknown);
      expect((await call('DELETE', `${path}/secrets/${json.kid}`)).status).toBe(404);
    });

    it('rotate without anybody being turned away', async () => {
      const given = 'a secret of the school that is long enough';
      await call('POST', `${path}/secrets`, { kid: 'old', secret: given });
      const { json: next } = await call('POST', `${path}/secrets`, { kid: 'new' });
      for (const token of [await signedHs256(given), await signedHs256(next.secret, 'new')])
        expect(await visit(token)).toMatchObject(known);
    });

    it('must be for Carillon, of now, and about somebody', async () => {
      const secret = 'a secret of the school that is long enough';
      await call('POST', `${path}/secrets`, { kid: 'k', secret });
      const refused: Claims[] = [
        { aud: 'somebody else' },
        { aud: undefined },
        { exp: now() - 60 },
        { exp: undefined },
        { nbf: now() + 120 },
        { sub: undefined },
        { sub: '' },
        { tenant: undefined },
        { tenant: 'No Tenant' },
      ];
      for (const changes of refused) {
        const { status } = await visit(await signedHs256(secret, 'k', changes));
        expect({ changes, status }).toEqual({ changes, status: 401 });
      }
      // Clocks go wrong by some seconds.
      expect(await visit(await signedHs256(secret, 'k', { nbf: now() + 10, exp: now() + 600 }))).toMatchObject(known);
    });

    it('are stored sealed, shown once, and limited', async () => {
      const { json } = await call('POST', `${path}/secrets`, { kid: 'first' });
      const rows = await test.database.query('SELECT * FROM gateway.token_secrets');
      expect(JSON.stringify(rows)).not.toContain(json.secret);
      const seen = await call('GET', path);
      expect(JSON.stringify(seen)).not.toContain(json.secret);
      expect(seen.json.secrets).toMatchObject([{ kid: 'first', created_by: 'development' }]);
      expect(await call('POST', `${path}/secrets`, { kid: 'first' })).toMatchObject({
        status: 409,
        json: { code: 'kid_in_use' },
      });
      expect((await call('POST', `${path}/secrets`, { secret: 'too short' })).json.errors[0].path).toBe('secret');
      const more = await Promise.all([1, 2, 3, 4, 5].map(() => call('POST', `${path}/secrets`, {})));
      expect(more.map(({ status }) => status).sort()).toEqual([201, 201, 201, 201, 409]);
    });

    it('that are minted here go on beside them', async () => {
      await call('POST', `${path}/secrets`, {});
      const { token } = await test.running.app.get(RecipientTokens).mint('default', 'amina');
      expect(await visit(token)).toMatchObject(known);
    });
  });

  describe('with keys of an identity provider', () => {
    let first: Signer;
    const put = (changes: object = {}) =>
      call('PUT', `${path}/key-set`, { url: `${provider.url}/jwks-${Math.random()}`, ...changes });

    beforeEach(async () => {
      first = await signer('first');
      provider.answer = { status: 200, body: { keys: [first.jwk] } };
    });

    it('are known by its key set, which is fetched once and not with every token', async () => {
      expect(await put({ issuer: 'https://id.example.org/' })).toMatchObject({
        status: 200,
        json: { issuer: 'https://id.example.org/', audience: 'carillon', algorithms: ['RS256', 'ES256', 'EdDSA'] },
      });
      provider.received.length = 0;
      const good: Claims = { iss: 'https://id.example.org/' };
      for (let time = 0; time < 5; time++) expect(await visit(await signed(first, good))).toMatchObject(known);
      expect(provider.received).toHaveLength(1);
      const refused: Claims[] = [
        {},
        { iss: 'https://evil.example/' },
        { ...good, aud: 'another' },
        { ...good, exp: now() - 60 },
        { ...good, nbf: now() + 120 },
        { ...good, tenant: 'other' },
      ];
      for (const changes of refused) {
        const { status } = await visit(await signed(first, changes));
        expect({ changes, status }).toEqual({ changes, status: 401 });
      }
      expect((await call('DELETE', `${path}/key-set`)).status).toBe(200);
      expect(await visit(await signed(first, good))).toMatchObject(unknown);
      expect((await call('DELETE', `${path}/key-set`)).status).toBe(404);
    });

    it('are refused when they use another algorithm than was allowed, also where the key would fit', async () => {
      await put({ algorithms: ['RS256'] });
      const pss = await signer('first', 'PS256');
      provider.answer = { status: 200, body: { keys: [first.jwk, { ...pss.jwk, kid: 'pss' }] } };
      expect(await visit(await signed(first))).toMatchObject(known);
      expect(await visit(await signed({ ...pss, kid: 'pss' }))).toMatchObject(unknown);
      // The well-known confusion: HS256 with the public key as the secret.
      const confused = await signedHs256(JSON.stringify(first.jwk), 'first');
      expect(await visit(confused)).toMatchObject(unknown);
      const [, payload] = (await signed(first)).split('.');
      const header = Buffer.from('{"alg":"none"}').toString('base64url');
      expect(await visit(`${header}.${payload}.`)).toMatchObject(unknown);
    });

    it('with unknown kids make nobody ask the provider again and again', async () => {
      await put();
      expect(await visit(await signed(first))).toMatchObject(known);
      provider.received.length = 0;
      const stranger = await signer('stranger');
      const seen = await Promise.all(
        Array.from({ length: 20 }, async (_, each) => visit(await signed({ ...stranger, kid: `stranger-${each}` }))),
      );
      expect(new Set(seen.map(({ status }) => status))).toEqual(new Set([401]));
      expect(provider.received).toHaveLength(0);
    });

    it('are neither known nor unknown while the provider is away and nothing is kept: 503', async () => {
      await put();
      provider.answer = { status: 500 };
      expect(await visit(await signed(first))).toMatchObject({ status: 503, json: { code: 'unavailable' } });
      provider.received.length = 0;
      expect(await visit(await signed(first))).toMatchObject({ status: 503 });
      expect(provider.received).toHaveLength(0);
    });

    it('need a key set that is there when it is set up, and leads nowhere inside', async () => {
      const wrong = async (url: string) => (await put({ url })).json;
      provider.answer = { status: 404 };
      expect(await wrong(`${provider.url}/gone`)).toMatchObject({
        code: 'invalid_key_set',
        errors: [{ path: 'url', message: 'must lead to a key set, but it answered 404' }],
      });
      provider.answer = { status: 200, body: '<html>' };
      expect((await wrong(`${provider.url}/page`)).errors[0].message).toContain('something else than a JSON object');
      provider.answer = { status: 200, body: { keys: [] } };
      expect((await wrong(`${provider.url}/empty`)).errors[0].message).toContain('no keys');
      expect((await wrong('http://127.0.0.1:1/')).errors[0].message).toContain('ECONNREFUSED');
      expect((await wrong('https://169.254.169.254/jwks')).errors[0].message).toContain('public address');
      expect((await wrong('ftp://id.example.org/')).errors[0].message).toContain('https://');
      expect((await put({ algorithms: ['HS256'] })).json.errors[0].path).toBe('algorithms[0]');
    });
  });

  it('never get a key set from inside the network', async () => {
    const sets = new KeySets(new OutboundGuard());
    await expect(sets.fetch(provider.url)).rejects.toThrow('public address');
  });
});

describe('a key set that is kept', () => {
  let provider: VendorDouble;

  beforeAll(async () => {
    provider = await VendorDouble.start();
  });
  afterAll(() => provider.close());
  afterEach(() => void jest.restoreAllMocks());

  it('is asked for again after ten minutes, used for an hour while nobody answers, and follows a rotation', async () => {
    const [first, second] = [await signer('first'), await signer('second')];
    provider.answer = { status: 200, body: { keys: [first.jwk] } };
    const keys = new KeySets(new OutboundGuard(() => true)).of('default', provider.url);
    let time = Date.now();
    jest.spyOn(Date, 'now').mockImplementation(() => time);
    const header = ({ kid, alg }: Signer) => keys({ kid, alg }, { payload: '', signature: '' });
    const later = (minutes: number) => (time += minutes * 60_000);

    await header(first);
    await header(first);
    expect(provider.received).toHaveLength(1);
    later(11);
    await header(first);
    expect(provider.received).toHaveLength(2);

    // A new key is found at once, unless somebody has asked within half a minute.
    provider.answer = { status: 200, body: { keys: [first.jwk, second.jwk] } };
    await expect(header(second)).rejects.toThrow('no applicable key');
    later(1);
    await header(second);
    expect(provider.received).toHaveLength(3);

    provider.answer = { fault: 'reset' };
    later(11);
    await header(second);
    expect(provider.received.length).toBeGreaterThanOrEqual(4);
    later(61);
    await expect(header(second)).rejects.toThrow(KeySetAway);
    provider.answer = { status: 200, body: { keys: [second.jwk] } };
    later(1);
    expect(await header(second)).toBeDefined();
  });
});
