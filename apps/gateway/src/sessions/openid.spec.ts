import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startTestService, type TestService } from '@carillon/testing';
import { Browser } from '../../testing/browser.ts';
import { IdentityProvider } from '../../testing/identity-provider.ts';
import { service } from '../service.ts';

const admin = 'ck_development-key-for-tests-only';
const members = '/v1/admin/members';
const session = '/v1/admin/session';
/** As a proxy would have it; the browsers of this test know that it is the gateway. */
const publicUrl = 'http://console.test';

describe('sign-in at an identity provider', () => {
  let identities: IdentityProvider;
  let test: TestService;
  let people = 0;

  beforeAll(async () => {
    identities = await IdentityProvider.start(`${publicUrl}${session}/openid/callback`);
    test = await startTestService(service, {
      DEV_API_KEY: admin,
      PUBLIC_URL: publicUrl,
      OPENID_ISSUER: identities.issuer,
      OPENID_CLIENT_ID: 'carillon',
      OPENID_CLIENT_SECRET: 'the secret of this client',
      OPENID_NAME: 'School account',
      FIRST_OWNER_EMAIL: 'first@example.org',
    });
  });

  afterAll(async () => {
    await test.close();
    await identities.close();
  });

  beforeEach(() => {
    identities.next = `person-${++people}`;
    identities.people.set(identities.next, { email: `person-${people}@example.org`, email_verified: true });
  });

  const browser = () => new Browser(test.running.url);
  const person = () => identities.people.get(identities.next!)!;
  const here = (location: string) => location.replace(publicUrl, test.running.url);

  async function invite(email = person().email, role = 'editor') {
    const { json } = await browser().request('POST', members, {
      body: { email, role },
      headers: { authorization: `Bearer ${admin}` },
    });
    return json as { id: string; invitation: { url: string } };
  }

  /** Follows the browser up to where the provider leads back to. */
  async function toCallback(own: Browser): Promise<string> {
    let { location } = await own.request('GET', `${session}/openid`);
    for (let step = 0; step < 10; step++) {
      if (location!.startsWith(publicUrl)) return here(location!);
      location = new URL((await own.request('GET', location!)).location!, location!).href;
    }
    throw new Error('it never came back');
  }

  /** The whole way; answers with where it ended. */
  async function signIn(own: Browser): Promise<string> {
    const { location } = await own.request('GET', await toCallback(own));
    return location!.replace(publicUrl, '');
  }

  it('is told of by name', async () => {
    const { json } = await browser().request('GET', `${session}/ways`);
    expect(json).toEqual({ password: true, openid: { name: 'School account' } });
  });

  it('makes an invited member active, by the email that the provider has verified, and the invitation is used up', async () => {
    person().email = 'Amina.Otieno@Example.org';
    const { id, invitation } = await invite();
    const own = browser();
    expect(await signIn(own)).toBe('/admin');
    expect(own.attributes.get('carillon_session')).toContain('HttpOnly; SameSite=Strict');
    expect(own.cookie('carillon_openid')).toBeUndefined();
    const entered = await own.enter('GET', session);
    expect(entered.json.member).toMatchObject({ id, email: 'amina.otieno@example.org', role: 'editor' });
    expect((await own.request('GET', `${members}/${id}`)).json).toMatchObject({
      state: 'active',
      has_openid: true,
      has_password: false,
    });
    expect((await browser().accept(invitation.url, 'correct horse battery staple')).status).toBe(404);
    expect((await browser().signIn('amina.otieno@example.org', 'anything at all')).status).toBe(401);
    const noPassword = { current_password: 'x', new_password: 'correct horse battery staple' };
    const change = await own.request('PUT', `${session}/password`, { body: noPassword });
    expect(change).toMatchObject({ status: 409, json: { code: 'no_password' } });
  });

  it('knows somebody again by the subject, whatever the email is by then', async () => {
    await invite();
    expect(await signIn(browser())).toBe('/admin');
    person().email = 'married@example.org';
    expect(await signIn(browser())).toBe('/admin');
    // Whoever has that email now is somebody else.
    const former = identities.next!;
    identities.next = 'an heir';
    identities.people.set('an heir', { email: `${former}@example.org`, email_verified: true });
    expect(await signIn(browser())).toBe('/admin#/sign-in?trouble=no_member');
  });

  it('lets in nobody who is no member, or whose email is not verified', async () => {
    expect(await signIn(browser())).toBe('/admin#/sign-in?trouble=no_member');
    await invite();
    person().email_verified = false;
    const own = browser();
    expect(await signIn(own)).toBe('/admin#/sign-in?trouble=no_member');
    expect((await own.request('GET', session)).status).toBe(401);
  });

  it('is the way in for the first owner as well', async () => {
    person().email = 'first@example.org';
    const own = browser();
    expect(await signIn(own)).toBe('/admin');
    expect((await own.enter('GET', session)).json.member.role).toBe('owner');
  });

  it('fails for whoever says no there', async () => {
    identities.next = undefined;
    expect(await signIn(browser())).toBe('/admin#/sign-in?trouble=failed');
  });

  it('is worth nothing in another browser, with another state, or a second time', async () => {
    await invite();
    const failed = `${publicUrl}/admin#/sign-in?trouble=failed`;
    const stolen = await toCallback(browser());
    expect((await browser().request('GET', stolen)).location).toBe(failed);
    const attacker = browser();
    await toCallback(attacker);
    expect((await attacker.request('GET', stolen)).location).toBe(failed);

    const own = browser();
    const callback = await toCallback(own);
    const journey = own.twin();
    const forged = new URL(callback);
    forged.searchParams.set('state', 'x'.repeat(43));
    expect((await own.twin().request('GET', forged.href)).location).toBe(failed);
    expect((await own.request('GET', callback)).location).toBe(`${publicUrl}/admin`);
    expect((await journey.request('GET', callback)).location).toBe(failed);
    for (const cookie of ['carillon_openid=x', 'carillon_openid=s1.x.y']) {
      const { location } = await browser().request('GET', callback, { headers: { cookie } });
      expect(location).toBe(failed);
    }
  });

  it('is not there without a provider, waits for one that is away, and is set up whole or not at all', async () => {
    const shared = { database: test.database, broker: test.broker };
    const without = await startTestService(service, {}, shared);
    const gone = { PUBLIC_URL: publicUrl, OPENID_ISSUER: 'http://127.0.0.1:1', OPENID_CLIENT_ID: 'carillon' };
    const away = await startTestService(service, gone, shared);
    try {
      expect(await new Browser(without.running.url).request('GET', `${session}/openid`)).toMatchObject({ status: 404 });
      const ways = await new Browser(without.running.url).request('GET', `${session}/ways`);
      expect(ways.json).toEqual({ password: true, openid: null });
      expect(await new Browser(away.running.url).request('GET', `${session}/openid`)).toMatchObject({ status: 503 });
    } finally {
      await Promise.all([without.close(), away.close()]);
    }
    const parts: Record<string, string>[] = [
      { OPENID_ISSUER: identities.issuer },
      { OPENID_CLIENT_ID: 'carillon', PUBLIC_URL: publicUrl },
    ];
    for (const part of parts)
      await expect(startTestService(service, part, shared)).rejects.toThrow(
        'needs OPENID_ISSUER, OPENID_CLIENT_ID and PUBLIC_URL',
      );
  });
});
