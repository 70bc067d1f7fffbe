import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Problem } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { requestsDatabaseUrl } from '@carillon/persistence';
import { startTestService, testSecret, type TestService } from '@carillon/testing';
import pg from 'pg';
import { Browser } from '../../testing/browser.ts';
import { ApiKeys } from '../access/api-keys.ts';
import { DescribedRoutes } from '../documents/openapi/described-routes.ts';
import { leastRole } from '../access/rules.ts';
import { service } from '../service.ts';
import { actionOf } from './action.ts';
import type { AuditEntry } from './audit-entry.ts';
import { AuditLog } from './audit-log.ts';

const admin = 'ck_development-key-for-tests-only';

describe('the audit log', () => {
  let test: TestService;

  beforeAll(async () => {
    test = await startTestService(service, { DEV_API_KEY: admin });
    // The other services are not there, and nobody waits for them here.
    test.running.app.get(Messages).call = () => Promise.reject(Problem.unavailable('Not in this test.'));
  });

  afterAll(() => test.close());

  async function call(method: string, path: string, body?: unknown, credential = admin) {
    const response = await fetch(test.running.url + path, {
      method,
      headers: {
        authorization: `Bearer ${credential}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    const isJson = response.headers.get('content-type')?.includes('json;') ?? false;
    return { status: response.status, text, json: isJson ? JSON.parse(text) : undefined };
  }

  async function log(query = ''): Promise<AuditEntry[]> {
    const { status, json } = await call('GET', `/v1/admin/audit-log?limit=100${query}`);
    expect(status).toBe(200);
    return json.data;
  }

  it('tells who did what, with what it changed and without the secret', async () => {
    const { json: made } = await call('POST', '/v1/admin/api-keys', { name: 'billing', scopes: ['events:write'] });
    await call('DELETE', `/v1/admin/api-keys/${made.id}`);
    const [revoked, created] = await log('&action=api-keys');
    expect(created).toMatchObject({
      action: 'api-keys.create',
      target: `api-keys/${made.id}`,
      outcome: 'done',
      status: 201,
      actor: { kind: 'api_key', name: 'development' },
      ip: '127.0.0.1',
      request_id: expect.stringMatching(/^[0-9a-f]{32}$/),
      input: { name: 'billing', scopes: ['events:write'] },
      before: null,
      after: { id: made.id, name: 'billing', key: '•••' },
    });
    expect(revoked).toMatchObject({
      action: 'api-keys.delete',
      target: `api-keys/${made.id}`,
      before: { state: 'active', revoked_at: null },
      after: { state: 'revoked', revoked_at: expect.any(String) },
    });
    expect(Object.keys(revoked!.after as object).sort()).toEqual(['revoked_at', 'state']);
    expect(Date.parse(revoked!.ended_at!)).toBeGreaterThanOrEqual(Date.parse(revoked!.at));
    expect(JSON.stringify(await test.database.query('SELECT * FROM gateway.audit_log'))).not.toContain(made.key);
  });

  it('tells what was refused, and why', async () => {
    const key = await test.running.app.get(ApiKeys).create('default', 'shop', ['events:write']);
    expect((await call('POST', '/v1/admin/api-keys', { name: 'mine', scopes: ['admin'] }, key)).status).toBe(403);
    expect((await call('POST', '/v1/admin/api-keys', { name: '', scopes: [] })).status).toBe(400);
    expect(await log('&action=api-keys.create&actor=shop')).toMatchObject([
      { outcome: 'refused', status: 403, code: 'forbidden', actor: { name: 'shop', role: 'events:write' } },
    ]);
    expect((await log('&action=api-keys.create&actor=development'))[0]).toMatchObject({
      outcome: 'refused',
      status: 400,
      code: 'invalid_body',
      before: null,
      after: null,
    });
  });

  it('tells once what was asked for twice under one Idempotency-Key', async () => {
    const ask = () =>
      fetch(`${test.running.url}/v1/admin/api-keys`, {
        method: 'POST',
        headers: { authorization: `Bearer ${admin}`, 'content-type': 'application/json', 'idempotency-key': 'once' },
        body: JSON.stringify({ name: 'only one', scopes: ['events:write'] }),
      });
    const answers = [await ask(), await ask()];
    expect(answers.map(({ status, headers }) => [status, headers.get('idempotency-replayed')])).toEqual([
      [201, null],
      [201, 'true'],
    ]);
    const { id } = (await answers[0]!.json()) as { id: string };
    expect(await log(`&target=api-keys/${id}`)).toHaveLength(1);
    const kept = await test.database.query(`SELECT FROM gateway.audit_log WHERE input ->> 'name' = 'only one'`);
    expect(kept).toHaveLength(1);
  });

  it('has an entry for every route of admins that changes something, whatever becomes of the request', async () => {
    const routes = test.running.app
      .get(DescribedRoutes)
      .all()
      .filter(({ method, path, rule }) => {
        const changes = method !== 'get' && leastRole(rule!, method) !== 'viewer';
        return path.startsWith('/v1/admin/') && rule!.access !== 'public' && changes;
      });
    expect(routes.length).toBeGreaterThan(30);
    const [last] = await log();
    const id = '00000000-0000-4000-8000-000000000000';
    await Promise.all(
      routes.map(({ method, path }) => call(method.toUpperCase(), path.replaceAll(/\{\w+\}/g, id), {})),
    );
    const entries: AuditEntry[] = (await call('GET', '/v1/admin/audit-log/export')).text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as AuditEntry)
      .filter(({ seq }) => seq > last!.seq);
    const wanted = routes.map(({ method, path }) =>
      actionOf(method.toUpperCase(), path.replaceAll(/\{(\w+)\}/g, ':$1')),
    );
    expect(entries.map(({ action }) => action).sort()).toEqual(wanted.sort());
    expect(entries.filter(({ outcome }) => outcome === 'started')).toEqual([]);
  }, 60_000);

  it('is read by filter and page, and as a file', async () => {
    const all = await log();
    const first = await call('GET', '/v1/admin/audit-log?limit=2');
    const second = await call('GET', `/v1/admin/audit-log?limit=2&cursor=${first.json.next_cursor}`);
    expect([...first.json.data, ...second.json.data].map(({ id }) => id)).toEqual(all.slice(0, 4).map(({ id }) => id));
    expect((await call('GET', `/v1/admin/audit-log/${all[0]!.id}`)).json).toEqual(all[0]);
    expect(await log(`&to=${all[0]!.at}`)).not.toContainEqual(all[0]);
    // Others may have come in the same millisecond.
    expect(await log(`&from=${all[0]!.at}`)).toEqual(all.filter(({ at }) => at >= all[0]!.at));
    expect(await log('&target=api-keys&actor=shop')).toHaveLength(1);

    const ndjson = (await call('GET', '/v1/admin/audit-log/export?action=api-keys')).text.trim().split('\n');
    const csv = (await call('GET', '/v1/admin/audit-log/export?action=api-keys&format=csv')).text.trim().split('\r\n');
    expect(ndjson.map((line) => JSON.parse(line))).toEqual(await log('&action=api-keys'));
    expect(csv).toHaveLength(ndjson.length + 1);
    expect(csv[0]).toMatch(/^seq,id,at,/);
  });

  it('keeps contact data and ids of people out, and finds a person all the same', async () => {
    await call('POST', '/v1/admin/suppressions', { channel: 'email', address: 'amina@example.org', reason: 'manual' });
    await call('DELETE', '/v1/admin/suppressions/email/amina%40example.org');
    await call('PATCH', '/v1/admin/recipients/parent-17/preferences', { channels: { sms: false } });
    const kept = JSON.stringify(await test.database.query('SELECT * FROM gateway.audit_log'));
    expect(kept).not.toContain('amina@example.org');
    expect(kept).not.toContain('parent-17');
    expect(await log('&target=recipients/parent-17')).toMatchObject([{ action: 'recipients.preferences.patch' }]);
    expect(await log('&target=suppressions/email')).toMatchObject([{ target: 'suppressions/email/a•••@example.org' }]);
  });

  it('tells what members do, also where servers do the same, and of people only what was touched', async () => {
    const { json: invited } = await call('POST', '/v1/admin/members', { email: 'zawadi@example.org', role: 'editor' });
    const own = new Browser(test.running.url);
    await own.accept(invited.invitation.url, 'correct horse battery staple', 'Zawadi');
    const body = { name: 'Bo Otieno', email: 'bo@example.org' };
    await own.request('PUT', '/v1/recipients/parent-9', { body });
    await call('PUT', '/v1/recipients/parent-9', body);
    expect(await log('&action=recipients.put')).toMatchObject([
      {
        actor: { kind: 'member', name: 'Zawadi', role: 'editor' },
        outcome: 'failed',
        input: { name: '•••', email: '•••' },
      },
    ]);
    expect(
      (await own.request('POST', '/v1/admin/api-keys', { body: { name: 'mine', scopes: ['admin'] } })).status,
    ).toBe(403);
    expect((await log('&actor=Zawadi'))[0]).toMatchObject({
      action: 'api-keys.create',
      outcome: 'refused',
      code: 'forbidden',
    });
    const kept = JSON.stringify(await test.database.query('SELECT * FROM gateway.audit_log'));
    const token = new URL(invited.invitation.url).hash || invited.invitation.url.split(/[/=]/).at(-1)!;
    for (const text of [token.replace(/^#.*=/, ''), 'Bo Otieno', 'zawadi@', 'parent-9', 'correct horse'])
      expect(kept).not.toContain(text);
  });

  it('shows what was begun and never ended', async () => {
    const id = await test.running.app.get(AuditLog).begin({
      tenant: 'default',
      actor: { kind: 'api_key', id: null, name: 'development', role: 'admin' },
      action: 'catalog.put',
      target: 'catalog',
      ip: null,
      request_id: null,
      input: null,
    });
    expect((await log())[0]).toMatchObject({ id, outcome: 'started', status: null, ended_at: null });
  });

  it('is another tenant’s own', async () => {
    const key = await test.running.app.get(ApiKeys).create('other', 'theirs', ['admin']);
    const [entry] = await log();
    expect((await call('GET', '/v1/admin/audit-log', undefined, key)).json.data).toEqual([]);
    expect((await call('GET', `/v1/admin/audit-log/${entry!.id}`, undefined, key)).status).toBe(404);
  });

  it('is only ever added to: nobody changes, deletes, backdates or forges a row', async () => {
    for (const url of [test.database.url('gateway'), requestsDatabaseUrl(test.database.url('gateway'), testSecret)]) {
      const client = new pg.Client(url);
      await client.connect();
      await client.query(`SELECT set_config('carillon.tenant', 'default', false)`);
      for (const sql of [
        `UPDATE audit_log SET actor_name = 'nobody'`,
        'DELETE FROM audit_log',
        'TRUNCATE audit_log',
        `UPDATE audit_heads SET seq = 0`,
        `DELETE FROM ${(await partitions())[0]}`,
        `INSERT INTO audit_log (tenant, id, step, status, at) VALUES ('default', gen_random_uuid(), 'ended', 200, now())`,
        `INSERT INTO audit_log (tenant, id, step, status, hash) VALUES ('default', gen_random_uuid(), 'ended', 200, '')`,
      ])
        await expect(client.query(sql)).rejects.toThrow(/permission denied|append-only/);
      await client.end();
    }
    // The owner has to take the guard away first.
    await expect(test.database.query(`UPDATE gateway.audit_log SET ip = '1.2.3.4'`)).rejects.toThrow('append-only');
    await expect(test.database.query('DELETE FROM gateway.audit_log')).rejects.toThrow('append-only');
    await expect(test.database.query(`TRUNCATE gateway.${(await partitions())[0]}`)).rejects.toThrow('append-only');
  });

  it('shows where somebody with all rights has meddled with it', async () => {
    const verify = async () => (await call('GET', '/v1/admin/audit-log/verify')).json;
    const intact = await verify();
    expect(intact).toMatchObject({ intact: true, broken_at: null, head: expect.stringMatching(/^[0-9a-f]{64}$/) });
    expect([intact.rows, intact.more]).toEqual([intact.last, false]);
    const rest = (await call('GET', `/v1/admin/audit-log/verify?from=${intact.last - 3}`)).json;
    expect(rest).toEqual({ ...intact, rows: 4 });

    const meddle = async (sql: string): Promise<unknown> => {
      const client = new pg.Client(test.database.adminUrl);
      await client.connect();
      await client.query('SET search_path = gateway');
      await client.query('SET session_replication_role = replica');
      await client.query('BEGIN');
      const before = await client.query('SELECT count(*)::int AS n FROM audit_log');
      await client.query(sql);
      await client.query('COMMIT');
      const answer = await verify();
      await client.end();
      return { broken_at: answer.broken_at, intact: answer.intact, rows: before.rows[0].n };
    };
    await meddle(`CREATE TABLE kept AS SELECT * FROM audit_log`);
    const restore = () => meddle('DELETE FROM audit_log; INSERT INTO audit_log SELECT * FROM kept');
    expect(await meddle(`UPDATE audit_log SET actor_name = 'somebody else' WHERE seq = 3`)).toMatchObject({
      broken_at: 3,
    });
    expect(await restore()).toMatchObject({ intact: true });
    expect(await meddle('DELETE FROM audit_log WHERE seq = 5')).toMatchObject({ broken_at: 6 });
    expect(await restore()).toMatchObject({ intact: true });
    expect(await meddle(`DELETE FROM audit_log WHERE seq > ${intact.last - 2} AND tenant = 'default'`)).toMatchObject({
      broken_at: intact.last - 1,
    });
    expect(await restore()).toMatchObject({ intact: true });
    // What retention drops is missing at the beginning.
    expect(await meddle('DELETE FROM audit_log WHERE seq < 4')).toMatchObject({ intact: true });
    await restore();
  });

  it('has the months to come, and loses whole months only, none of which is younger than a month', async () => {
    const months = await partitions();
    expect(months).toHaveLength(3);
    const past = new Date(Date.UTC(new Date().getUTCFullYear(), new Date().getUTCMonth() - 3, 1));
    const name = `audit_log_${past.toISOString().slice(0, 7).replace('-', '')}`;
    await test.database.query(
      `CREATE TABLE gateway.${name} PARTITION OF gateway.audit_log FOR VALUES FROM ('${past.toISOString()}')
       TO ('${new Date(Date.UTC(past.getUTCFullYear(), past.getUTCMonth() + 1, 1)).toISOString()}')`,
    );
    const client = new pg.Client(test.database.url('gateway'));
    await client.connect();
    const tend = async (days: number) =>
      (await client.query('SELECT tend_audit_log($1) AS steps', [days])).rows[0].steps;
    expect(await tend(365)).toEqual([]);
    expect(await tend(0)).toEqual([`dropped ${name}`]);
    await client.end();
    expect(await partitions()).toEqual(months);
  });

  it('goes with a tenant that is erased, and with no other', async () => {
    const key = await test.running.app.get(ApiKeys).create('leaving', 'theirs', ['admin']);
    await call('POST', '/v1/admin/api-keys', { name: 'another', scopes: ['admin'] }, key);
    const client = new pg.Client(requestsDatabaseUrl(test.database.url('gateway'), testSecret));
    await client.connect();
    await client.query(`SELECT set_config('carillon.tenant', 'leaving', false)`);
    const erase = async () => (await client.query(`SELECT erase_audit_log_of('leaving') AS n`)).rows[0].n as number;
    await expect(erase()).rejects.toThrow('append-only: the tenant leaving is not erased');
    await test.database.query(`INSERT INTO gateway.tenant_standings (tenant, standing) VALUES ('leaving', 'erased')`);
    expect(await erase()).toBe(2);
    await client.end();
    const left = await test.database.query(
      `SELECT tenant FROM gateway.audit_log WHERE tenant = 'leaving' UNION SELECT tenant FROM gateway.audit_heads WHERE tenant = 'leaving'`,
    );
    expect(left).toEqual([]);
    expect((await log()).length).toBeGreaterThan(0);
  });

  async function partitions(): Promise<string[]> {
    const rows = await test.database.query<{ relname: string }>(
      `SELECT relname FROM pg_inherits JOIN pg_class c ON c.oid = inhrelid
       WHERE inhparent = 'gateway.audit_log'::regclass ORDER BY relname`,
    );
    return rows.map(({ relname }) => relname);
  }
});
