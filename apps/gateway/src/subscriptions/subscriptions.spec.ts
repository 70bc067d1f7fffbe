import { getPreferences, type Preferences } from '@carillon/contracts';
import { PublicLinks } from '@carillon/service';
import { startTestService, testSecret, type TestService } from '@carillon/testing';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { service as preferences } from '../../../preferences/src/service.ts';
import { service as gateway } from '../service.ts';

const admin = 'ck_development-key-for-tests-only';
const PUBLIC_URL = 'https://notify.example';
const links = PublicLinks.of({ CARILLON_SECRET: testSecret, FORMER_SECRETS: [], PUBLIC_URL })!;

describe('the page to unsubscribe on', () => {
  let test: TestService;
  let behind: TestService;

  beforeAll(async () => {
    test = await startTestService(gateway, { DEV_API_KEY: admin, PUBLIC_URL });
    behind = await startTestService(preferences, {}, { broker: test.broker });
    for (const [id, locale] of [
      ['amina', 'sw-KE'],
      ['bo', 'en'],
    ])
      await api('PUT', `/v1/recipients/${id}`, { email: `${id}@example.org`, locale });
  });

  beforeEach(async () => {
    for (const id of ['amina', 'bo']) await api('PUT', `/v1/admin/recipients/${id}/preferences`, {});
  });

  afterAll(async () => {
    await behind.close();
    await test.close();
  });

  const api = async (method: string, path: string, body: unknown) => {
    const headers = { authorization: `Bearer ${admin}`, 'content-type': 'application/json' };
    const response = await fetch(test.running.url + path, { method, headers, body: JSON.stringify(body) });
    expect(response.status).toBeLessThan(300);
  };
  const linkOf = (recipient: string, category = 'marketing', tenant = 'default') =>
    links.subscriptionUrl({ tenant, recipient, channel: 'email', category }).slice(PUBLIC_URL.length);
  const browser = { accept: 'text/html,application/xhtml+xml,*/*;q=0.8', 'accept-language': 'sw-KE,sw;q=0.9,en;q=0.8' };

  async function visit(path: string, init: RequestInit = {}) {
    const response = await fetch(test.running.url + path, { headers: browser, ...init });
    return { status: response.status, headers: response.headers, page: await response.text() };
  }
  const press = (path: string, action: string) =>
    visit(path, { method: 'POST', headers: browser, body: new URLSearchParams({ action }) });
  const preferencesOf = (recipient: string): Promise<Preferences> =>
    test.messages.call(getPreferences, { tenant: 'default', recipient });
  const headingOf = (page: string) => /<h1>(.*?)<\/h1>/.exec(page)?.[1];
  const buttonsOf = (page: string) =>
    [...page.matchAll(/<button name="action" value="(\w+)"/g)].map(([, action]) => action);

  it('shows how it stands in the recipient’s language, and changes nothing', async () => {
    const { status, headers, page } = await visit(linkOf('amina'));
    expect(status).toBe(200);
    expect(headers.get('content-type')).toBe('text/html; charset=utf-8');
    expect(page).toContain('<html lang="sw">');
    expect(headingOf(page)).toBe('Ungependa kujiondoa?');
    expect(page).toContain('Marketing');
    expect(buttonsOf(page)).toEqual(['unsubscribe', 'unsubscribe_all']);
    expect(headingOf((await visit(linkOf('bo'))).page)).toBe('Unsubscribe?');
    expect(await preferencesOf('amina')).toEqual({});
    await visit(linkOf('amina'), { method: 'HEAD' });
    expect(await preferencesOf('amina')).toEqual({});
  });

  it('runs no script, shows itself in no frame and is kept by no cache', async () => {
    const { headers, page } = await visit(linkOf('bo'));
    expect(headers.get('content-security-policy')).toMatch(
      /^default-src 'none'; style-src 'sha256-.+'; form-action 'self'/,
    );
    expect(headers.get('content-security-policy')).toContain("frame-ancestors 'none'");
    expect(headers.get('cache-control')).toBe('no-store, private');
    expect(headers.get('referrer-policy')).toBe('no-referrer');
    expect(page).not.toMatch(/<script|https?:/);
  });

  it('ends a category, everything, and resumes them', async () => {
    const path = linkOf('bo');
    const ended = await press(path, 'unsubscribe');
    expect([ended.status, headingOf(ended.page)]).toEqual([200, 'You are unsubscribed']);
    expect(ended.page).toContain('role="status"');
    expect(await preferencesOf('bo')).toEqual({ categories: { marketing: { email: false } } });
    expect(headingOf((await visit(path)).page)).toBe('You are unsubscribed');
    expect(buttonsOf(ended.page)).toEqual(['resubscribe', 'unsubscribe_all']);

    expect(headingOf((await press(path, 'resubscribe')).page)).toBe('You are subscribed');
    expect(await preferencesOf('bo')).toEqual({ categories: { marketing: { email: true } } });

    const all = await press(path, 'unsubscribe_all');
    expect(headingOf(all.page)).toBe('You are unsubscribed from all emails');
    expect(buttonsOf(all.page)).toEqual(['resubscribe_all', 'resubscribe']);
    expect(await preferencesOf('bo')).toMatchObject({ channels: { email: false } });
    expect(headingOf((await press(path, 'resubscribe_all')).page)).toBe('You are subscribed');
    expect(await preferencesOf('bo')).toMatchObject({ channels: { email: true } });
    expect(await preferencesOf('amina')).toEqual({});
  });

  it.each<[string, RequestInit]>([
    ['a form', { body: new URLSearchParams({ 'List-Unsubscribe': 'One-Click' }) }],
    [
      'parts of a form',
      {
        headers: { 'content-type': 'multipart/form-data; boundary=x' },
        body: '--x\r\nContent-Disposition: form-data; name="List-Unsubscribe"\r\n\r\nOne-Click\r\n--x--\r\n',
      },
    ],
    ['nothing', {}],
  ])('takes the one click of a mail program that posts %s, any number of times', async (_, init) => {
    for (const path of [linkOf('bo'), linkOf('bo')]) {
      const { status } = await visit(path, { method: 'POST', headers: {}, ...init });
      expect(status).toBe(200);
    }
    expect(await preferencesOf('bo')).toEqual({ categories: { marketing: { email: false } } });
  });

  it('is nobody’s for a forged link, and for a recipient or tenant that does not exist', async () => {
    const genuine = linkOf('bo');
    const forged = genuine.slice(0, -1) + (genuine.endsWith('A') ? 'B' : 'A');
    for (const path of [forged, '/u/x', '/u/%F0%9F%99%82', linkOf('nobody'), linkOf('bo', 'marketing', 'other')]) {
      for (const method of ['GET', 'POST']) {
        const { status, page } = await visit(path, { method });
        expect([path, status, headingOf(page)]).toEqual([path, 404, 'Kiungo hiki hakifanyi kazi']);
      }
      const program = await visit(path, { headers: { accept: 'application/json' } });
      expect([program.status, program.headers.get('content-type')]).toEqual([
        404,
        'application/problem+json; charset=utf-8',
      ]);
    }
  });

  it('does nothing for an action that it does not know', async () => {
    expect((await press(linkOf('bo'), 'delete_everything')).status).toBe(400);
    expect(await preferencesOf('bo')).toEqual({});
  });

  it('is worked for thirty times a minute', async () => {
    const path = linkOf('bo', 'support');
    const statuses: number[] = [];
    for (let visits = 0; visits < 31; visits++) statuses.push((await visit(path)).status);
    expect(statuses.slice(0, 30).every((status) => status === 200)).toBe(true);
    const refused = await visit(path);
    expect([refused.status, headingOf(refused.page)]).toEqual([429, 'Tafadhali subiri dakika moja']);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect((await visit(linkOf('bo', 'account'))).status).toBe(200);
  });

  it('goes on working under a former secret', async () => {
    const former = PublicLinks.of({ CARILLON_SECRET: testSecret, FORMER_SECRETS: [], PUBLIC_URL })!;
    const CARILLON_SECRET = 'another secret of thirty-two characters or more';
    const rotated = await startTestService(
      gateway,
      { PUBLIC_URL, CARILLON_SECRET, FORMER_SECRETS: JSON.stringify([testSecret]) },
      { broker: test.broker, database: test.database },
    );
    const path = former.subscriptionUrl({ tenant: 'default', recipient: 'bo', channel: 'email', category: 'billing' });
    const response = await fetch(rotated.running.url + path.slice(PUBLIC_URL.length), { headers: browser });
    expect(response.status).toBe(200);
    await rotated.running.close();
    await rotated.messages.close();
  });
});
