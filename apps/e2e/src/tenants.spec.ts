import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { freshId } from '@carillon/contracts';
import { until } from '@carillon/testing';
import { io, type Socket } from 'socket.io-client';
import { Client } from './client.ts';
import { startSuite, type Suite } from './suite.ts';

describe('a tenant', () => {
  let suite: Suite;
  let client: Client;
  const keys: Record<string, string> = {};
  const platformKey = 'ck_end-to-end-platform-0123456789';
  const invoice = (number: string) => ({ invoice_number: number, amount: 10, currency: 'KES', due_date: '2026-12-01' });

  beforeAll(async () => {
    suite = await startSuite({ PLATFORM_API_KEY: platformKey });
    client = new Client(suite);
  }, 120_000);
  afterAll(() => suite?.close(), 60_000);

  const platform = (method: string, path: string, body?: unknown) =>
    client.call(method, `/v1/admin/tenants${path}`, body, platformKey);
  const as = (tenant: string, method: string, path: string, body?: unknown) =>
    client.call(method, path, body, keys[tenant]);
  const settled = (id: string) =>
    until(
      `${id} is settled`,
      async () => {
        const { json } = await platform('GET', `/${id}`);
        return !json.pending && json;
      },
      { timeoutMs: 90_000 },
    );
  const paid = (tenant: string, number: string) =>
    client.publish('payment.received', {
      specversion: '1.0',
      id: freshId(),
      source: '/finance',
      type: 'invoice.issued',
      tenant,
      data: { recipient_id: 'amina', ...invoice(number) },
    });

  /** How many rows each table of each service has of a tenant. */
  async function rowsOf(tenant: string): Promise<Record<string, number>> {
    const tables = await suite.database.query<{ name: string }>(
      `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
       WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND EXISTS (
         SELECT FROM pg_attribute a WHERE a.attrelid = c.oid AND a.attname = 'tenant' AND NOT a.attisdropped)
       ORDER BY 1`,
    );
    const found: Record<string, number> = {};
    for (const { name } of tables) {
      const [{ count }] = await suite.database.query(`SELECT count(*)::int FROM ${name} WHERE tenant = $1`, [tenant]);
      if (count > 0) found[name] = count;
    }
    return found;
  }

  it('is created with its first key by whoever runs the installation, and by nobody else', async () => {
    for (const id of ['shop', 'school']) {
      const { status, json } = await platform('POST', '', { id, name: `The ${id}` });
      expect([status, json]).toEqual([
        201,
        expect.objectContaining({ id, name: `The ${id}`, state: 'active', pending: false }),
      ]);
      expect(json.api_key).toMatchObject({
        key: expect.stringMatching(/^ck_/),
        scopes: expect.arrayContaining(['admin']),
      });
      keys[id] = json.api_key.key;
    }
    expect(await platform('POST', '', { id: 'shop', name: 'Again' })).toMatchObject({
      status: 409,
      json: { code: 'tenant_exists' },
    });
    expect(await platform('POST', '', { id: 'No Such!', name: 'x' })).toMatchObject({
      status: 400,
      json: { errors: [{ path: 'id', message: expect.stringContaining('1 to 63') }] },
    });
    const { json } = await platform('GET', '');
    expect(json.data.map(({ id }: { id: string }) => id)).toEqual(['default', 'school', 'shop']);
    for (const [method, path] of [
      ['GET', ''],
      ['POST', '/school/suspend'],
      ['GET', '/school/export'],
      ['POST', '/school/erase'],
    ])
      expect((await as('shop', method!, `/v1/admin/tenants${path}`, method === 'POST' ? {} : undefined)).status).toBe(
        403,
      );
    // And its key opens nothing else.
    expect((await client.call('GET', '/v1/admin/recipients', undefined, platformKey)).status).toBe(403);
  });

  it('uses all there is', async () => {
    for (const tenant of ['shop', 'school']) {
      const put = await as(tenant, 'PUT', '/v1/recipients/amina', {
        name: `Amina of ${tenant}`,
        email: `amina@${tenant}.example`,
        phone: '+254711000999',
      });
      expect(put.status).toBeLessThan(300);
      await as(tenant, 'PUT', '/v1/recipients/bo', { name: 'Bo' });
      const nextYear = new Date(Date.now() + 365 * 86_400_000).toISOString();
      const calls: [string, string, unknown][] = [
        ['POST', '/v1/events', { type: 'invoice_issued', recipients: ['amina'], data: invoice(`${tenant}-1`) }],
        [
          'POST',
          '/v1/events',
          { type: 'invoice_issued', recipients: ['amina'], data: invoice(`${tenant}-2`), send_at: nextYear },
        ],
        ['POST', '/v1/events', { content: { title: 'To all', message: 'Hello' }, audience: { all: true } }],
        ['PUT', '/v1/admin/origins', { origins: [`https://${tenant}.example`] }],
        ['PUT', '/v1/admin/brand', { name: `Brand of ${tenant}` }],
        ['POST', '/v1/admin/members', { email: `owner@${tenant}.example`, name: 'Owner', role: 'owner' }],
        ['POST', '/v1/admin/suppressions', { channel: 'email', address: `never@${tenant}.example` }],
        ['PUT', '/v1/admin/templates/invoice_issued.sms.en', { source: { text: 'Invoice {{ invoice_number }}' } }],
      ];
      for (const [method, path, body] of calls) {
        const { status, json } = await as(tenant, method, path, body);
        expect([tenant, path, status < 300 ? 'done' : json]).toEqual([tenant, path, 'done']);
      }
      await client.arrived(`amina@${tenant}.example`, 'email');
      client.publish('no.such.type', { specversion: '1.0', id: freshId(), source: '/f', type: 'no.such.type', tenant });
    }
    await until('everything is in its place', async () => {
      const tables = Object.keys(await rowsOf('shop'));
      const schemas = new Set(tables.map((table) => table.split('.')[0]));
      return schemas.size === 7 && tables.includes('gateway.dead_letters') && tables.includes('scheduler.timers');
    });
  });

  it('is suspended: nobody gets in, what comes by RabbitMQ is held where it can be seen, and comes when it is resumed', async () => {
    const { token } = (await as('shop', 'POST', '/v1/recipients/amina/tokens')).json;
    const ends: string[] = [];
    const sockets: Socket[] = [];
    const connect = () => {
      const socket = io(suite.url, {
        path: '/realtime',
        transports: ['websocket'],
        auth: { token },
        reconnection: false,
        forceNew: true,
      });
      sockets.push(socket);
      socket.on('connect', () => ends.push('connected'));
      socket.on('closing', ({ code }) => ends.push(code));
      socket.on('connect_error', (error: Error & { data?: { code: string } }) =>
        ends.push(`refused ${error.data?.code}`),
      );
    };
    connect();
    await until('it is connected', () => ends.length > 0);
    const { status, json } = await platform('POST', '/shop/suspend', { reason: 'not paid' });
    expect([status, json]).toEqual([202, expect.objectContaining({ state: 'suspended', reason: 'not paid' })]);
    expect(await as('shop', 'GET', '/v1/admin/recipients')).toMatchObject({
      status: 403,
      json: { code: 'tenant_suspended' },
    });
    await until('its sockets are closed', () => ends.length > 1);
    connect();
    await until('no new one is let in', () => ends.length > 2);
    expect(ends).toEqual(['connected', 'tenant_suspended', 'refused tenant_suspended']);
    for (const socket of sockets) socket.disconnect();
    await settled('shop');
    // Every replica knows within two seconds.
    await until('it is held', async () => {
      paid('shop', 'shop-held');
      const held = await suite.database.query(
        `SELECT error FROM gateway.dead_letters WHERE tenant = 'shop' AND body LIKE '%shop-held%'`,
      );
      return held.length > 0 && held.every(({ error }) => error.includes('suspended'));
    });
    paid('school', 'school-3');
    await until('the others go on', async () =>
      (await client.mailbox('amina@school.example')).some(({ subject }) => subject?.includes('school-3')),
    );
    expect((await client.mailbox('amina@shop.example')).filter(({ text }) => text.includes('shop-held'))).toEqual([]);

    expect((await platform('POST', '/shop/resume')).json).toMatchObject({ state: 'active', reason: null });
    expect((await as('shop', 'GET', '/v1/admin/recipients')).status).toBe(200);
    await until('what was held arrives', async () =>
      (await client.mailbox('amina@shop.example')).some(({ text }) => text.includes('shop-held')),
    );
    const { progress } = await settled('shop');
    expect(progress.released).toBeGreaterThan(0);
  }, 60_000);

  it('is exported whole, and nothing of others or that is secret', async () => {
    const response = await fetch(`${suite.url}/v1/admin/tenants/shop/export`, {
      headers: { authorization: `Bearer ${platformKey}` },
    });
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/x-ndjson']);
    const lines = (await response.text())
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line));
    const [head, ...rows] = lines;
    const last = rows.pop();
    expect(head).toEqual({ tenant: 'shop', exported_at: expect.any(String) });
    expect(last).toEqual({ rows: rows.length });
    const counted: Record<string, number> = {};
    for (const { service, table } of rows) {
      const name = `${service.replaceAll('-', '_')}.${table}`;
      counted[name] = (counted[name] ?? 0) + 1;
    }
    const held = await rowsOf('shop');
    delete held['gateway.tenants'];
    delete held['preferences.tenant_standings'];
    expect(Object.keys(counted).sort()).toEqual(Object.keys(held).sort());
    expect(rows.filter(({ row }) => row.tenant !== 'shop')).toEqual([]);
    const text = JSON.stringify(rows);
    expect(text).toContain('amina@shop.example');
    for (const secret of [keys.shop!, 'argon2', '"hash"', '"password"'])
      expect([secret, text.includes(secret)]).toEqual([secret, false]);
    const member = rows.find(({ table }) => table === 'members').row;
    expect(Object.keys(member)).not.toContain('invitation');
    expect((await platform('GET', '/nobody/export')).status).toBe(404);
  });

  it('is erased by its name: nothing is left of it but its id, whatever comes later, and the others have lost nothing', async () => {
    const before = await rowsOf('school');
    expect(await platform('POST', '/shop/erase', { confirm: 'shop' })).toMatchObject({
      status: 422,
      json: { code: 'not_confirmed', errors: [{ path: 'confirm' }] },
    });
    expect((await as('shop', 'GET', '/v1/admin/recipients')).status).toBe(200);

    // A service that is away delays it, visibly.
    const renderer = suite.processes.find((process) => process.name === 'template-renderer')!;
    await renderer.stop();
    const { status, json } = await platform('POST', '/shop/erase', { confirm: 'The shop' });
    expect([status, json.state]).toEqual([202, 'erasing']);
    expect((await as('shop', 'GET', '/v1/admin/recipients')).status).toBeGreaterThan(400);
    const waiting = await until('it waits', async () => {
      const { progress } = (await platform('GET', '/shop')).json;
      return progress.waiting_for;
    });
    expect(waiting).toContain('template-renderer');
    // Whoever is at it dies; another one goes on.
    await suite.processes.find((process) => process.name === 'gateway')!.kill();
    const gateway = await suite.start('gateway');
    suite.url = `http://127.0.0.1:${gateway.port}`;
    await suite.start('template-renderer');
    paid('shop', 'shop-late');

    const erased = await settled('shop');
    expect(erased).toMatchObject({ id: 'shop', name: null, state: 'erased', reason: null });
    expect(erased.progress.services).toMatchObject({ inbox: { deleted: expect.any(Number), done: true } });
    paid('shop', 'shop-later');
    paid('school', 'school-4');
    await until('what came after is through', async () =>
      (await client.mailbox('amina@school.example')).some(({ subject }) => subject?.includes('school-4')),
    );
    const schemas = ['email_sender', 'gateway', 'inbox', 'preferences', 'scheduler', 'sms_sender', 'template_renderer'];
    const tombstones = ['gateway.tenants', ...schemas.map((schema) => `${schema}.tenant_standings`)].sort();
    expect(await rowsOf('shop')).toEqual(Object.fromEntries(tombstones.map((table) => [table, 1])));
    expect([401, 403]).toContain((await as('shop', 'GET', '/v1/admin/recipients')).status);
    expect((await client.mailbox('amina@shop.example')).filter(({ text }) => /shop-late/.test(text))).toEqual([]);
    for (const call of ['/shop/resume', '/shop/suspend'])
      expect(await platform('POST', call, {})).toMatchObject({ status: 409, json: { code: 'tenant_erased' } });
    expect((await platform('POST', '', { id: 'shop', name: 'Again' })).status).toBe(409);

    const after = await rowsOf('school');
    for (const [table, count] of Object.entries(before)) expect([table, after[table]! >= count]).toEqual([table, true]);
    expect((await as('school', 'GET', '/v1/recipients/amina')).json.name).toBe('Amina of school');
  }, 180_000);
});
