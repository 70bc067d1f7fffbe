import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { startTestService, type TestService } from '@carillon/testing';
import { service as preferences } from '../../../preferences/src/service.ts';
import { ApiKeys } from '../access/api-keys.ts';
import { service as gateway } from '../service.ts';

const admin = 'ck_development-key-for-tests-only';

describe('recipients by REST', () => {
  let test: TestService;
  let behind: TestService;
  /** A key of another tenant. */
  let foreign: string;

  beforeAll(async () => {
    test = await startTestService(gateway, { DEV_API_KEY: admin });
    behind = await startTestService(preferences, {}, { broker: test.broker });
    foreign = await test.running.app.get(ApiKeys).create('other', 'of others', ['admin']);
  });

  afterAll(async () => {
    await behind.close();
    await test.close();
  });

  async function call(method: string, path: string, body?: unknown, key = admin) {
    const response = await fetch(test.running.url + path, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    return { status: response.status, json: (await response.json()) as any };
  }
  const put = (id: string, body: unknown = {}, key = admin) =>
    call('PUT', `/v1/recipients/${encodeURIComponent(id)}`, body, key);
  const bulk = (recipients: unknown[], query = '', key = admin) =>
    call('POST', `/v1/recipients/bulk${query}`, { recipients }, key);

  describe('many at a time', () => {
    const row = (number: number, change: object = {}) => ({
      id: `pupil-${String(number).padStart(5, '0')}`,
      name: `Pupil ${number}`,
      email: `pupil-${number}@Example.org`,
      phone: `+25471${String(1_000_000 + number).slice(-7)}`,
      locale: ['en', 'sw', 'sw-KE', 'pt-br'][number % 4],
      time_zone: ['Africa/Nairobi', 'Europe/Paris', 'Asia/Tokyo'][number % 3],
      roles: ['pupil', `form-${number % 8}`],
      tags: ['2026'],
      attributes: { house: 'Kilimanjaro', number },
      ...change,
    });

    it('are created, changed and left as they are, 10,000 in one call', async () => {
      const rows = Array.from({ length: 10_000 }, (_, number) => row(number));
      expect(await bulk(rows)).toEqual({
        status: 200,
        json: { created: 10_000, updated: 0, unchanged: 0, invalid: 0, errors: [] },
      });
      expect((await call('GET', '/v1/recipients/pupil-09999')).json).toMatchObject({
        email: 'pupil-9999@example.org',
        phone: '+254711009999',
        locale: 'pt-BR',
        roles: ['pupil', 'form-7'],
      });
      rows[7] = row(7, { name: 'Somebody else' });
      rows.push(...rows.splice(0, 1));
      rows[9_998] = row(10_000);
      expect((await bulk(rows)).json).toMatchObject({ created: 1, updated: 1, unchanged: 9_998 });
    });

    it('are at most 10,000', async () => {
      const rows = Array.from({ length: 10_001 }, (_, number) => ({ id: `${number}` }));
      expect(await bulk(rows)).toMatchObject({
        status: 400,
        json: { code: 'invalid_body', errors: [{ path: 'recipients', message: 'at most 10000 recipients at a time' }] },
      });
      expect(await bulk([])).toMatchObject({ status: 400, json: { errors: [{ path: 'recipients' }] } });
    });

    it('may be larger than any other body, but not endless', async () => {
      const large = (megabytes: number) => [{ id: 'large', attributes: { text: 'x'.repeat(megabytes * 1024 * 1024) } }];
      expect(await put('large', large(5)[0]!.attributes)).toMatchObject({
        status: 413,
        json: { code: 'body_too_large' },
      });
      expect(await bulk(large(5))).toMatchObject({ status: 200, json: { created: 1 } });
      expect(await bulk(large(16))).toMatchObject({ status: 413, json: { code: 'body_too_large' } });
    });

    it('are not saved when a row is wrong, which is named, unless the others are wanted', async () => {
      const rows = [{ id: 'right', name: 'Right' }, { id: 'wrong', phone: '0711000111' }, { id: 'right' }, 7];
      const errors = [
        { path: 'recipients[1].phone', message: expect.stringContaining('country code') },
        { path: 'recipients[2].id', message: 'is the same as in recipients[0]' },
        { path: 'recipients[3]', message: expect.any(String) },
      ];
      expect(await bulk(rows)).toMatchObject({ status: 422, json: { code: 'invalid_recipients', errors } });
      expect(await call('GET', '/v1/recipients/right')).toMatchObject({ status: 404 });
      expect(await bulk(rows, '?partial=true')).toEqual({
        status: 200,
        json: { created: 1, updated: 0, unchanged: 0, invalid: 3, errors },
      });
      expect(await call('GET', '/v1/recipients/right')).toMatchObject({ status: 200, json: { name: 'Right' } });
    });

    it('belong to the tenant that saves them', async () => {
      await bulk([{ id: 'same', name: 'Ours' }]);
      expect((await bulk([{ id: 'same', name: 'Theirs' }], '', foreign)).json).toMatchObject({ created: 1 });
      expect((await call('GET', '/v1/recipients/same')).json).toMatchObject({ name: 'Ours' });
    });
  });

  it('are created with 201 and changed with 200; a mistake is named with its cure', async () => {
    expect(await put('amina', { name: 'Amina' })).toMatchObject({ status: 201, json: { id: 'amina', contacts: [] } });
    expect(await put('amina', { phone: '0711000111', country: 'KE' })).toMatchObject({
      status: 200,
      json: { name: null, phone: '+254711000111', contacts: [{ suppressed: null }] },
    });
    expect(await put('amina', { locale: 'klingon', contacts: [{ channel: 'email', address: 'x' }] })).toMatchObject({
      status: 422,
      json: { code: 'invalid_recipient', errors: [{ path: 'contacts[0].address' }, { path: 'locale' }] },
    });
    expect(await put('amina', { roles: ['line\nbreak'] })).toMatchObject({
      status: 400,
      json: { code: 'invalid_body', errors: [{ path: 'roles[0]' }] },
    });
  });

  describe('found by those who help people', () => {
    const list = async (filter: Record<string, string>, key = finder) => {
      const { status, json } = await call('GET', `/v1/admin/recipients?${new URLSearchParams(filter)}`, undefined, key);
      return { status, json, ids: json.data?.map(({ id }: any) => id) };
    };
    let finder: string;

    beforeAll(async () => {
      finder = await test.running.app.get(ApiKeys).create('finders', 'support', ['admin']);
      await bulk(
        [
          {
            id: 'a:1',
            name: 'Amina 100% Otieno',
            email: 'amina@school.example',
            roles: ['parent', 'driver'],
            tags: ['bus'],
          },
          { id: 'b/2', name: 'Bo', phone: '+254711000111', roles: ['parent'] },
          { id: 'ç 3', name: 'Chi', email: 'chi@example.org', phone: '+254711000333', tags: ['bus', '2026'] },
          { id: 'd', name: 'Dia' },
        ],
        '',
        finder,
      );
    });

    it.each<[string, Record<string, string>, string[]]>([
      ['nothing in particular', {}, ['a:1', 'b/2', 'ç 3', 'd']],
      ['part of an id', { q: '/2' }, ['b/2']],
      ['part of a name, in any case', { q: 'oti' }, ['a:1']],
      ['signs that mean something to a database', { q: '100%' }, ['a:1']],
      ['a sign that means anything to a database', { q: '_' }, []],
      ['part of an email address', { q: 'SCHOOL.ex' }, ['a:1']],
      ['a phone number as people write it', { q: '+254 711-000 333' }, ['ç 3']],
      ['a phone number as people write it at home', { q: '(0711) 000 333' }, ['ç 3']],
      ['a role', { role: 'parent' }, ['a:1', 'b/2']],
      ['a tag', { tag: 'bus' }, ['a:1', 'ç 3']],
      ['a channel', { channel: 'sms' }, ['b/2', 'ç 3']],
      ['all of it together', { channel: 'sms', tag: 'bus', q: 'chi' }, ['ç 3']],
    ])('by %s', async (_, filter, ids) => {
      const found = await list(filter);
      expect(found.status).toBe(200);
      expect(found.ids.sort()).toEqual(ids.sort());
    });

    it('page by page, whatever their ids look like', async () => {
      const ids: string[] = [];
      for (let cursor: string | null = ''; cursor !== null;) {
        const page: any = await list({ limit: '1', ...(cursor && { cursor }) });
        expect(page.ids).toHaveLength(1);
        ids.push(...page.ids);
        cursor = page.json.next_cursor;
      }
      expect([...ids].sort()).toEqual(['a:1', 'b/2', 'ç 3', 'd'].sort());
      const { json } = await list({ limit: '1' });
      expect(await call('GET', `/v1/admin/suppressions?cursor=${json.next_cursor}`)).toMatchObject({
        status: 400,
        json: { errors: [{ path: 'cursor' }] },
      });
      expect(await list({ cursor: 'nonsense' })).toMatchObject({ status: 400 });
    });

    it('one by one, in their own tenant only, by admins only', async () => {
      const path = `/v1/admin/recipients/${encodeURIComponent('b/2')}`;
      expect(await call('GET', path, undefined, finder)).toMatchObject({
        status: 200,
        json: { id: 'b/2', name: 'Bo' },
      });
      expect(await call('GET', path, undefined, foreign)).toMatchObject({ status: 404 });
      expect((await list({ q: 'amina' }, foreign)).ids).toEqual([]);
      const writer = await test.running.app.get(ApiKeys).create('finders', 'server', ['recipients:write']);
      expect((await list({}, writer)).status).toBe(403);
      expect(await list({ colour: 'red' })).toMatchObject({ status: 400, json: { errors: [{ path: 'colour' }] } });
    });
  });

  describe('whose addresses are suppressed', () => {
    const path = (channel: string, address: string) =>
      `/v1/admin/suppressions/${channel}/${encodeURIComponent(address)}`;

    it('say so, until the suppression is lifted', async () => {
      await put('gone', { email: 'gone+1@example.org' });
      await put('gone', { email: 'gone+1@example.org' }, foreign);
      const body = { channel: 'email', address: 'Gone+1@EXAMPLE.org', reason: 'complaint', note: 'by phone' };
      const made = await call('POST', '/v1/admin/suppressions', body);
      expect(made).toMatchObject({
        status: 201,
        json: { ...body, address: 'gone+1@example.org', created_by: expect.any(String) },
      });
      expect((await call('POST', '/v1/admin/suppressions', { ...body, reason: undefined })).status).toBe(200);
      const suppressed = async (key = admin) =>
        (await call('GET', '/v1/recipients/gone', undefined, key)).json.contacts[0].suppressed;
      expect(await suppressed()).toBe('manual');
      expect(await suppressed(foreign)).toBeNull();
      const list = (key: string) => call('GET', '/v1/admin/suppressions?channel=email&q=gone', undefined, key);
      expect((await list(admin)).json).toMatchObject({ data: [{ address: 'gone+1@example.org', reason: 'manual' }] });
      expect((await list(foreign)).json.data).toEqual([]);

      expect((await call('DELETE', path('email', 'gone+1@example.org'), undefined, foreign)).status).toBe(404);
      expect(await call('DELETE', path('email', 'Gone+1@Example.org'))).toMatchObject({
        status: 200,
        json: { address: 'gone+1@example.org' },
      });
      expect(await suppressed()).toBeNull();
      expect((await call('DELETE', path('email', 'gone+1@example.org'))).status).toBe(404);
    });

    it('are addresses on channels that have some', async () => {
      const add = (body: object) => call('POST', '/v1/admin/suppressions', body);
      expect(await add({ channel: 'in_app', address: 'amina' })).toMatchObject({
        status: 400,
        json: { errors: [{ path: 'channel' }] },
      });
      expect(await add({ channel: 'sms', address: '0711' })).toMatchObject({
        status: 422,
        json: { code: 'invalid_suppression', errors: [{ path: 'address' }] },
      });
      expect((await call('DELETE', path('pigeon', 'x'))).status).toBe(404);
      expect((await call('DELETE', path('sms', 'x'))).status).toBe(404);
    });
  });
});
