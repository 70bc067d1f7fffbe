import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestService, type TestService } from '@carillon/testing';
import { Browser } from '../../testing/browser.ts';
import { ExpiredRows } from '../expiry/expired-rows.ts';
import { service } from '../service.ts';

const admin = 'ck_development-key-for-tests-only';
const firstToken = 'the-first-owner-comes-with-this-0123456789';
const password = 'correct horse battery staple';
const members = '/v1/admin/members';
const session = '/v1/admin/session';

describe('members', () => {
  let test: TestService;
  let replica: TestService;
  let people = 0;

  beforeAll(async () => {
    const env = { DEV_API_KEY: admin, FIRST_OWNER_EMAIL: 'First@Example.org', FIRST_OWNER_TOKEN: firstToken };
    test = await startTestService(service, env);
    replica = await startTestService(service, env, { database: test.database, broker: test.broker });
  });

  afterAll(async () => {
    await replica.close();
    await test.close();
  });

  const browser = (at = test) => new Browser(at.running.url);

  async function call(method: string, path: string, body?: unknown, key = admin) {
    const headers = { authorization: `Bearer ${key}` };
    return browser().request(method, path, { body, headers });
  }

  /** Invited by an API key, and signed in. */
  async function member(role: string) {
    const email = `member-${++people}@example.org`;
    const invited = await call('POST', members, { email, role });
    expect(invited.status).toBe(201);
    const own = browser();
    expect((await own.accept(invited.json.invitation.url, password, `Member ${people}`)).status).toBe(201);
    return { browser: own, email, id: invited.json.id as string };
  }

  describe('the first owner', () => {
    it('comes by the settings, once', async () => {
      const own = browser();
      const entered = await own.accept(`/admin#/invitation/${firstToken}`, password, 'Amina Otieno');
      expect(entered).toMatchObject({
        status: 201,
        json: { tenant: 'default', member: { email: 'first@example.org', name: 'Amina Otieno', role: 'owner' } },
      });
      expect((await own.request('GET', members)).json.data).toMatchObject([
        { state: 'active', created_by: 'settings' },
      ]);
      const again = await browser().accept(`/admin#/invitation/${firstToken}`, 'another good password');
      expect(again).toMatchObject({ status: 404, json: { code: 'invitation_unknown' } });
      const restarted = await startTestService(
        service,
        { FIRST_OWNER_EMAIL: 'first@example.org', FIRST_OWNER_TOKEN: firstToken },
        { database: test.database, broker: test.broker },
      );
      await restarted.close();
      const later = await browser().accept(`/admin#/invitation/${firstToken}`, 'another good password');
      expect(later.status).toBe(404);
    });
  });

  describe('an invitation', () => {
    it('is worth one time, and the next one ends it', async () => {
      const { json } = await call('POST', members, { email: 'Bo@Example.org', name: 'Bo', role: 'viewer' });
      expect(json).toMatchObject({ email: 'bo@example.org', state: 'invited', has_password: false });
      expect(json.invitation.url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/admin#\/invitation\/[\w-]{43}$/);
      const next = await call('POST', `${members}/${json.id}/invitation`);
      expect(next.status).toBe(201);
      expect((await browser().accept(json.invitation.url, password)).status).toBe(404);
      const both = await Promise.all([1, 2].map(() => browser().accept(next.json.invitation.url, password)));
      expect(both.map(({ status }) => status).sort()).toEqual([201, 404]);
      const seen = await call('GET', `${members}/${json.id}`);
      expect(seen.json).toMatchObject({ state: 'active', has_password: true, invitation_expires_at: null });
      expect(JSON.stringify(seen.json)).not.toContain('argon2');
    });

    it('lapses, wants a good password, and is not for somebody who is there already', async () => {
      const { json } = await call('POST', members, { email: 'late@example.org', role: 'viewer' });
      const short = await browser().accept(json.invitation.url, 'too short');
      expect(short).toMatchObject({ status: 400, json: { errors: [{ path: 'password' }] } });
      await test.database.query(
        `UPDATE gateway.members SET invitation_expires_at = now() - interval '1 second' WHERE id = $1`,
        [json.id],
      );
      expect((await browser().accept(json.invitation.url, password)).status).toBe(404);
      expect(await call('POST', members, { email: 'LATE@example.org', role: 'owner' })).toMatchObject({
        status: 409,
        json: { code: 'member_exists' },
      });
      const wrong = await call('POST', members, { email: 'no address', role: 'king', name: ' ' });
      expect(wrong.json.errors.map((error: any) => error.path).sort()).toEqual(['email', 'name', 'role']);
    });

    it('lets somebody who has forgotten the password choose a new one, and ends their sessions', async () => {
      const { browser: own, email, id } = await member('editor');
      const { json } = await call('POST', `${members}/${id}/invitation`);
      expect((await own.request('GET', session)).status).toBe(200);
      expect((await browser().accept(json.invitation.url, 'a new and better password')).status).toBe(201);
      expect((await own.request('GET', session)).status).toBe(401);
      expect((await browser().signIn(email, password)).status).toBe(401);
      expect((await browser().signIn(email, 'a new and better password')).status).toBe(201);
    });
  });

  describe('signing in', () => {
    it('gives a cookie that no script can read, another one each time, and stores neither it nor the password', async () => {
      const { browser: own, email } = await member('viewer');
      const before = own.cookie('carillon_session')!;
      expect((await own.signIn(email.toUpperCase(), password)).status).toBe(201);
      const after = own.cookie('carillon_session')!;
      expect(after).not.toBe(before);
      expect(own.attributes.get('carillon_session')).toBe('Max-Age=43200; Path=/; HttpOnly; SameSite=Strict');
      const thief = new Browser(test.running.url);
      const stale = await thief.request('GET', session, { headers: { cookie: `carillon_session=${before}` } });
      expect(stale.status).toBe(401);
      for (const table of ['sessions', 'members', 'sign_in_attempts']) {
        const rows = JSON.stringify(await test.database.query(`SELECT * FROM gateway.${table}`));
        for (const secret of [after, password]) expect(rows).not.toContain(secret);
        if (table === 'sign_in_attempts') expect(rows).not.toContain('example.org');
      }
      const [row] = await test.database.query<{ password: string }>(
        'SELECT password FROM gateway.members WHERE email = $1',
        [email],
      );
      expect(row!.password).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$/);
    });

    it('says the same of a wrong password, an unknown member, an invited one and another tenant', async () => {
      const { email } = await member('viewer');
      const { json } = await call('POST', members, { email: 'only-invited@example.org', role: 'viewer' });
      const answers = await Promise.all([
        browser().signIn(email, 'a wrong password'),
        browser().signIn('nobody@example.org', password),
        browser().signIn(json.email, password),
        browser().signIn(email, password, 'other'),
      ]);
      for (const { status, text } of answers) expect([status, text]).toEqual([401, answers[0]!.text]);
    });

    it('is limited, for a member and an address together, on all replicas, also for members that are none', async () => {
      for (const email of [(await member('viewer')).email, 'nobody-else@example.org']) {
        const tries = Array.from({ length: 12 }, (_, each) =>
          browser(each % 2 ? test : replica).signIn(email, 'wrong'),
        );
        const seen = (await Promise.all(tries)).map(({ status }) => status).sort();
        expect(seen).toEqual([...Array(10).fill(401), 429, 429]);
        const late = await browser().signIn(email, password);
        expect(late).toMatchObject({ status: 429, json: { code: 'too_many_attempts' } });
        expect(Number(late.headers.get('retry-after'))).toBeGreaterThan(800);
      }
      await test.database.query(`UPDATE gateway.sign_in_attempts SET ends_at = now()`);
    });

    it('is not taken from a member by strangers who try: the browser that they used before is counted by itself', async () => {
      const { browser: own, email } = await member('viewer');
      await own.signIn(email, password);
      for (let time = 0; time < 10; time++) await browser(time % 2 ? test : replica).signIn(email, 'wrong');
      expect((await browser().signIn(email, password)).status).toBe(429);
      expect((await own.signIn(email, password)).status).toBe(201);
      // It is known for this member alone, and what it tries is counted.
      const other = await member('viewer');
      for (let time = 0; time < 10; time++) await browser().signIn(other.email, 'wrong');
      expect((await own.signIn(other.email, password)).status).toBe(429);
      for (let time = 0; time < 10; time++) expect((await own.signIn(email, 'wrong')).status).toBe(401);
      expect((await own.signIn(email, password)).status).toBe(429);
      await test.database.query(`UPDATE gateway.sign_in_attempts SET ends_at = now()`);
    });

    it('stands in the audit log, also where it fails, but for emails that nobody has', async () => {
      const { browser: own, email, id } = await member('viewer');
      await own.signIn(email, 'a wrong password');
      await own.signIn('a-stranger@example.org', 'a wrong password');
      await own.signIn(email, password);
      expect((await own.request('DELETE', session)).status).toBe(200);
      const { json } = await call('GET', `/v1/admin/audit-log?actor=${id}`);
      const told = json.data.map(({ action, outcome, code, ip }: any) => [action, outcome, code, ip]);
      expect(told.reverse()).toEqual([
        ['session.invitation', 'done', null, '127.0.0.1'],
        ['session.create', 'refused', 'sign_in_failed', '127.0.0.1'],
        ['session.create', 'done', null, '127.0.0.1'],
        ['session.delete', 'done', null, '127.0.0.1'],
      ]);
      const log = JSON.stringify(await test.database.query('SELECT * FROM gateway.audit_log'));
      for (const text of ['a-stranger', 'a wrong password', password, own.csrf!]) expect(log).not.toContain(text);
    });

    it('that succeeds is not counted', async () => {
      const { browser: own, email } = await member('viewer');
      for (let time = 0; time < 12; time++) expect((await own.signIn(email, password)).status).toBe(201);
    });

    it('takes as long for somebody who is unknown', async () => {
      const { email } = await member('viewer');
      // CPU time of the process: on a busy machine the clock says nothing. Sums of several, in turns.
      const cost = { known: 0, unknown: 0 };
      for (let time = 0; time < 6; time++)
        for (const who of ['known', 'unknown'] as const) {
          const before = process.cpuUsage();
          await browser().signIn(who === 'known' ? email : `unknown-${time}@example.org`, 'wrong');
          const { user, system } = process.cpuUsage(before);
          cost[who] += user + system;
        }
      expect(cost.unknown / cost.known).toBeGreaterThan(0.5);
      expect(cost.unknown / cost.known).toBeLessThan(2);
    });
  });

  describe('a session', () => {
    it('changes nothing without the CSRF token, or for the page of another origin', async () => {
      const { browser: own } = await member('owner');
      const invite = (headers: Record<string, string>) =>
        own.request('POST', members, { body: { email: 'forged@example.org', role: 'owner' }, headers });
      const { csrf } = own;
      own.csrf = undefined;
      expect(await invite({})).toMatchObject({ status: 403, json: { code: 'csrf_token_invalid' } });
      for (const forged of ['', 'x'.repeat(43), own.cookie('carillon_session')!])
        expect(await invite({ 'x-csrf-token': forged })).toMatchObject({ status: 403 });
      for (const origin of ['https://evil.example', 'null', `${test.running.url}.evil.example`])
        expect(await invite({ 'x-csrf-token': csrf!, origin })).toMatchObject({
          status: 403,
          json: { code: 'foreign_origin' },
        });
      expect(await invite({ 'x-csrf-token': csrf!, origin: test.running.url })).toMatchObject({ status: 201 });
      const signIn = await browser().request('POST', session, {
        body: { email: 'first@example.org', password },
        headers: { origin: 'https://evil.example' },
      });
      expect(signIn).toMatchObject({ status: 403, json: { code: 'foreign_origin' } });
    });

    it('ends where it is signed out, everywhere when that is wanted, and by an owner', async () => {
      const { browser: first, email, id } = await member('viewer');
      const second = browser(replica);
      await second.signIn(email, password);
      expect((await first.request('DELETE', session)).json).toEqual({ ended: 1 });
      expect(first.cookie('carillon_session')).toBeUndefined();
      expect((await first.request('GET', session)).status).toBe(401);
      expect((await second.request('GET', session)).status).toBe(200);
      await first.signIn(email, password);
      expect((await first.request('DELETE', `${session}/all`)).json).toEqual({ ended: 2 });
      expect((await second.request('GET', session)).status).toBe(401);
      await first.signIn(email, password);
      expect((await call('DELETE', `${members}/${id}/sessions`)).json).toEqual({ ended: 1 });
      expect((await first.request('GET', session)).status).toBe(401);
    });

    it('ends when it is not used, and at the latest after its hours', async () => {
      const { browser: own, email, id } = await member('viewer');
      const past = (column: string, by: string) =>
        test.database.query(`UPDATE gateway.sessions SET ${column} = now() - $2::interval WHERE member = $1`, [id, by]);
      await past('seen_at', '119 minutes');
      expect((await own.request('GET', session)).status).toBe(200);
      // Used a moment ago, so two hours begin anew.
      const [{ idle }] = await test.database.query<any>(
        `SELECT extract(epoch FROM now() - seen_at)::int AS idle FROM gateway.sessions WHERE member = $1`,
        [id],
      );
      expect(idle).toBeLessThan(60);
      await past('seen_at', '121 minutes');
      expect((await own.request('GET', session)).status).toBe(401);
      await own.signIn(email, password);
      await past('expires_at', '1 second');
      expect((await own.request('GET', session)).status).toBe(401);
      await test.running.app.get(ExpiredRows).remove();
      expect(await test.database.query('SELECT FROM gateway.sessions WHERE member = $1', [id])).toEqual([]);
    });

    it('goes on as another one when the password changes, and all others end', async () => {
      const { browser: own, email } = await member('viewer');
      const other = browser();
      await other.signIn(email, password);
      const wrong = { current_password: 'wrong', new_password: 'a new and better password' };
      expect(await own.request('PUT', `${session}/password`, { body: wrong })).toMatchObject({
        status: 403,
        json: { code: 'wrong_password' },
      });
      const before = own.cookie('carillon_session');
      const right = { ...wrong, current_password: password };
      expect((await own.enter('PUT', `${session}/password`, right)).status).toBe(200);
      expect(own.cookie('carillon_session')).not.toBe(before);
      expect((await own.request('GET', session)).status).toBe(200);
      expect((await other.request('GET', session)).status).toBe(401);
    });

    it('follows the member’s role at the next request, on every replica, and ends with the member', async () => {
      const { browser: own, email, id } = await member('owner');
      const elsewhere = browser(replica);
      await elsewhere.signIn(email, password);
      for (const each of [own, elsewhere]) expect((await each.request('GET', '/v1/admin/api-keys')).status).toBe(200);
      expect((await call('PATCH', `${members}/${id}`, { role: 'editor' })).json).toMatchObject({ role: 'editor' });
      for (const each of [own, elsewhere]) expect((await each.request('GET', '/v1/admin/api-keys')).status).toBe(403);
      expect((await call('DELETE', `${members}/${id}`)).status).toBe(200);
      for (const each of [own, elsewhere]) expect((await each.request('GET', members)).status).toBe(401);
    });

    it('is that of its tenant alone', async () => {
      const foreign = 'ck_another-tenants-key-0123456789';
      const other = await startTestService(
        service,
        { DEV_API_KEY: foreign, DEV_TENANT: 'other' },
        { database: test.database, broker: test.broker },
      );
      try {
        const { id } = await member('viewer');
        const { json } = await call('POST', members, { email: 'owner@other.example', role: 'owner' }, foreign);
        const own = browser();
        const entered = await own.accept(json.invitation.url, password);
        expect(entered.json).toMatchObject({ tenant: 'other' });
        expect((await own.request('GET', members)).json.data).toHaveLength(1);
        for (const [method, path, body] of [
          ['GET', `${members}/${id}`],
          ['PATCH', `${members}/${id}`, { role: 'owner' }],
          ['DELETE', `${members}/${id}`],
          ['POST', `${members}/${id}/invitation`],
          ['DELETE', `${members}/${id}/sessions`],
        ] as const)
          expect(await own.request(method, path, { body })).toMatchObject({ status: 404 });
      } finally {
        await other.close();
      }
    });
  });

  describe('the last owner', () => {
    it('stays one, whoever asks, also when two owners remove each other at the same time', async () => {
      const owners = (await call('GET', `${members}?limit=100`)).json.data.filter(({ role }: any) => role === 'owner');
      const [first, ...others] = owners.filter(({ state }: any) => state === 'active');
      for (const { id } of others) await call('DELETE', `${members}/${id}`);
      const refused = { status: 409, json: { code: 'last_owner' } };
      expect(await call('DELETE', `${members}/${first.id}`)).toMatchObject(refused);
      expect(await call('PATCH', `${members}/${first.id}`, { role: 'viewer' })).toMatchObject(refused);
      expect((await call('PATCH', `${members}/${first.id}`, { name: 'Still here' })).status).toBe(200);
      // Somebody who was only invited is no owner yet.
      await call('POST', members, { email: 'invited-owner@example.org', role: 'owner' });
      expect(await call('DELETE', `${members}/${first.id}`)).toMatchObject(refused);

      const second = await member('owner');
      const both = await Promise.all([
        call('DELETE', `${members}/${first.id}`),
        call('PATCH', `${members}/${second.id}`, { role: 'editor' }),
      ]);
      expect(both.map(({ status }) => status).sort()).toEqual([200, 409]);
    });
  });
});

describe('behind a proxy', () => {
  it.each([
    ['each address is counted by itself where the proxy is trusted', '127.0.0.1', 401],
    ['what anybody says of addresses is not taken where none is', '10.0.0.1', 429],
  ])('%s', async (_, TRUSTED_PROXIES, last) => {
    const test = await startTestService(service, { TRUSTED_PROXIES });
    try {
      const statuses: number[] = [];
      for (let host = 1; host <= 11; host++) {
        const headers = { 'x-forwarded-for': `192.0.2.${host}` };
        const body = { email: 'nobody@example.org', password };
        statuses.push((await new Browser(test.running.url).request('POST', session, { body, headers })).status);
      }
      expect(statuses).toEqual([...Array(10).fill(401), last]);
    } finally {
      await test.close();
    }
  });
});

describe('behind https', () => {
  it('the cookie is one that only this host can set, and the public address is ours as well', async () => {
    const env = { DEV_API_KEY: admin, PUBLIC_URL: 'https://notify.example.org' };
    const test = await startTestService(service, env);
    try {
      const own = new Browser(test.running.url);
      const { json } = await own.request('POST', members, {
        body: { email: 'owner@example.org', role: 'owner' },
        headers: { authorization: `Bearer ${admin}` },
      });
      expect(json.invitation.url).toMatch(/^https:\/\/notify\.example\.org\/admin#\/invitation\//);
      await own.accept(json.invitation.url, password);
      expect(own.attributes.get('__Host-carillon_session')).toBe(
        'Max-Age=43200; Path=/; HttpOnly; Secure; SameSite=Strict',
      );
      const headers = { origin: 'https://notify.example.org' };
      expect((await own.request('DELETE', session, { headers })).status).toBe(200);
      const { status } = await own.request('GET', session, { headers: { cookie: 'carillon_session=x' } });
      expect(status).toBe(401);
    } finally {
      await test.close();
    }
  });
});
