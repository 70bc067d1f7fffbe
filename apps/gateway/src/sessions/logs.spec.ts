import { Writable } from 'node:stream';
import { expect, it } from '@jest/globals';
import { JsonLogger, startService } from '@carillon/service';
import { testBroker, testDatabase, testEnvironment } from '@carillon/testing';
import { Browser } from '../../testing/browser.ts';
import { service } from '../service.ts';

const admin = 'ck_development-key-for-tests-only';
const password = 'correct horse battery staple';

it('logs who came in by their id, and no secret, name or email of anybody, at any level', async () => {
  const [database, broker] = await Promise.all([testDatabase({ gateway: service.migrations }), testBroker()]);
  const lines: string[] = [];
  const destination = new Writable({
    write(line, _, done) {
      lines.push(String(line));
      done();
    },
  });
  const env = {
    ...testEnvironment(database, broker, 'gateway'),
    DEV_API_KEY: admin,
    PUBLIC_URL: 'http://console.test',
    OPENID_ISSUER: 'http://127.0.0.1:1',
    OPENID_CLIENT_ID: 'carillon',
    OPENID_CLIENT_SECRET: 'the secret of this client',
    LOG_LEVEL: 'trace',
  };
  const running = await startService(service, env, new JsonLogger('gateway', 'trace', destination));
  const secrets: string[] = [
    admin,
    password,
    'the secret of this client',
    'wrong password',
    'example.org',
    'Amina Otieno',
  ];
  let id = '';
  try {
    const byKey = { authorization: `Bearer ${admin}` };
    const own = new Browser(running.url);
    const invited = await own.request('POST', '/v1/admin/members', {
      body: { email: 'amina@example.org', name: 'Amina Otieno', role: 'owner' },
      headers: byKey,
    });
    id = invited.json.id;
    const link: string = invited.json.invitation.url;
    await own.accept(link, password);
    await own.signIn('amina@example.org', 'wrong password');
    await own.signIn('nobody@example.org', password);
    await own.signIn('amina@example.org', password);
    const key = await own.request('POST', '/v1/admin/api-keys', { body: { name: 'x', scopes: ['admin'] } });
    const secret = await own.request('POST', '/v1/admin/tokens/secrets', { body: {} });
    await own.request('GET', '/v1/admin/session/openid');
    await own.request('GET', '/v1/admin/session/openid/callback?code=the-code-of-somebody&state=x');
    // Where something goes wrong inside, too.
    await database.query('ALTER TABLE gateway.members RENAME TO members_gone');
    const broken = await own.twin().request('POST', '/v1/admin/session', {
      body: { email: 'amina@example.org', password },
    });
    expect(broken.status).toBe(500);
    await database.query('ALTER TABLE gateway.members_gone RENAME TO members');
    secrets.push(own.cookie('carillon_session')!, own.csrf!, key.json.key, secret.json.secret, link.split('/').at(-1)!);
    secrets.push('the-code-of-somebody');
  } finally {
    await running.close();
    await Promise.all([database.drop(), broker.close()]);
  }
  const log = lines.join('');
  for (const secret of secrets) expect({ secret, logged: log.includes(secret) }).toEqual({ secret, logged: false });
  const told = lines.map((line) => JSON.parse(line) as { msg: string; member?: string });
  expect(told.filter(({ member }) => member === id).map(({ msg }) => msg)).toEqual([
    'invitation_accepted',
    'sign_in_failed',
    'signed_in',
  ]);
  expect(log).toContain('the identity provider cannot be reached');
  expect(log).toContain('members');
});
