import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestService, type TestService } from '@carillon/testing';
import { service } from '../service.ts';

const admin = 'ck_development-key-for-tests-only';

describe('security headers', () => {
  let test: TestService;

  beforeAll(async () => {
    test = await startTestService(service, { DEV_API_KEY: admin, TRUSTED_PROXIES: '127.0.0.1' });
  });
  afterAll(() => test.close());

  const get = (path: string, headers: Record<string, string> = {}) =>
    fetch(test.running.url + path, { headers, redirect: 'manual' });

  it.each([
    ['/v1/admin/api-keys', 200],
    ['/v1/admin/api-keys?colour=red', 400],
    ['/v1/notifications', 403],
    ['/v1/nothing', 404],
    ['/o/forged.gif', undefined],
    ['/c/forged', undefined],
    ['/u/forged', undefined],
    ['/health/live', 200],
    ['/openapi.json', 200],
    ['/docs', 200],
    ['/admin', 200],
    ['/admin/nothing.js', 404],
  ])('are sent with %s', async (path, status) => {
    const answer = await get(path, { authorization: `Bearer ${admin}` });
    await answer.arrayBuffer();
    if (status !== undefined) expect(answer.status).toBe(status);
    expect(Object.fromEntries(answer.headers)).toMatchObject({
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'content-security-policy': expect.stringMatching(/default-src 'none'.*frame-ancestors 'none'/),
      'cache-control': expect.stringMatching(/^no-(store|cache)/),
    });
    expect(answer.headers.has('strict-transport-security')).toBe(false);
  });

  it('keep what a tenant is told out of caches', async () => {
    const { headers } = await get('/v1/admin/api-keys', { authorization: `Bearer ${admin}` });
    expect(headers.get('cache-control')).toBe('no-store');
  });

  it('leave pages the scripts and styles of their own', async () => {
    for (const path of ['/docs', '/admin'])
      expect((await get(path)).headers.get('content-security-policy')).toContain("script-src 'self'");
  });

  it('ask browsers to stay with HTTPS where a proxy says that it is', async () => {
    const { headers } = await get('/v1/nothing', { 'x-forwarded-proto': 'https' });
    expect(headers.get('strict-transport-security')).toBe('max-age=31536000');
  });
});
