import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { inAppRendered, type InAppRendered } from '@carillon/contracts';
import { startTestService, until, type TestService } from '@carillon/testing';
import { renderedFor, secondsFromNow, someone } from '../../../inbox/testing/inbox-under-test.ts';
import { service as inbox } from '../../../inbox/src/service.ts';
import { RecipientTokens } from '../access/recipient-tokens.ts';
import { DescribedRoutes } from '../documents/openapi/described-routes.ts';
import { service as gateway } from '../service.ts';

const admin = 'ck_development-key-for-tests-only';

describe('the inbox by REST', () => {
  let test: TestService;
  let behind: TestService;

  beforeAll(async () => {
    test = await startTestService(gateway, { DEV_API_KEY: admin });
    behind = await startTestService(inbox, {}, { broker: test.broker });
  });
  afterAll(async () => {
    await behind?.close();
    await test?.close();
  });

  const tokenOf = async (recipient: string, tenant = 'school') =>
    (await test.running.app.get(RecipientTokens).mint(tenant, recipient)).token;

  /** A recipient with an app of theirs. */
  async function person(recipient = someone(), tenant = 'school') {
    const token = await tokenOf(recipient, tenant);
    const call = async (method: string, path = '', body?: unknown) => {
      const response = await fetch(`${test.running.url}/v1/notifications${path}`, {
        method,
        headers: {
          authorization: `Bearer ${token}`,
          ...(body !== undefined && { 'content-type': 'application/json' }),
        },
        body: body === undefined ? undefined : JSON.stringify(body),
      });
      return { status: response.status, json: (await response.json()) as any };
    };
    return {
      recipient,
      call,
      ids: async (query = ''): Promise<string[]> => (await call('GET', query)).json.data.map(({ id }: any) => id),
      unread: async (): Promise<number> => (await call('GET', '/unread-count')).json.count,
      /** Gets notifications, and knows their ids in the order in which they came. */
      async gets(...changes: Partial<InAppRendered>[]): Promise<string[]> {
        const all: string[] = [];
        for (const change of changes) {
          const rendered = renderedFor(recipient, change);
          await test.messages.publish(inAppRendered, rendered, { tenant, id: rendered.delivery_id });
          await until('it is there', async () => (await call('GET', `/${rendered.notification_id}`)).status === 200);
          all.push(rendered.notification_id);
        }
        return all;
      },
    };
  }

  it('shows notifications as they are documented', async () => {
    const me = await person();
    const [id] = await me.gets({
      title: 'Lesson tomorrow',
      html: '<p>Lesson</p>',
      link: '/lessons/1',
      image: 'https://school.example/lesson.png',
      actions: [{ label: 'Open', url: '/lessons/1', style: 'primary' }],
      metadata: { term: 3 },
      related: { lesson_id: 'l-1' },
      actor: { id: 'teacher-1', name: 'Mr Otieno' },
      locale: 'sw',
      expires_at: '2099-01-01T00:00:00.000Z',
    });
    const { status, json } = await me.call('GET');
    expect({ status, json }).toEqual({
      status: 200,
      json: {
        data: [
          {
            id,
            type: 'invoice_issued',
            category: 'billing',
            priority: 'normal',
            title: 'Lesson tomorrow',
            message: inAppRendered.example.message,
            html: '<p>Lesson</p>',
            link: '/lessons/1',
            image: 'https://school.example/lesson.png',
            actions: [{ label: 'Open', url: '/lessons/1', style: 'primary' }],
            metadata: { term: 3 },
            related: { lesson_id: 'l-1' },
            actor: { id: 'teacher-1', name: 'Mr Otieno' },
            actors: [{ id: 'teacher-1', name: 'Mr Otieno' }],
            count: 1,
            status: 'unread',
            read: false,
            read_at: null,
            seen_at: null,
            archived_at: null,
            snoozed_until: null,
            expires_at: '2099-01-01T00:00:00.000Z',
            created_at: expect.any(String),
            arrived_at: expect.any(String),
            time_ago: 'sasa hivi',
          },
        ],
        next_cursor: null,
      },
    });
    expect((await me.call('GET', `/${id}`)).json).toEqual({ ...json.data[0], time_ago: expect.any(String) });
    expect((await me.call('GET', '/recent')).json.data).toHaveLength(1);
  });

  it('lists page by page and filters, in what is in the inbox unless told otherwise', async () => {
    const me = await person();
    const ids = await me.gets(
      { type: 'a', title: 'One' },
      { type: 'b', title: 'Two', priority: 'high' },
      { type: 'a', title: 'Three', category: 'security' },
      { type: 'a', title: 'Four' },
    );
    await me.call('POST', `/${ids[3]}/archive`);
    await me.call('POST', `/${ids[0]}/read`);
    expect(await me.ids()).toEqual([ids[2], ids[1], ids[0]]);
    expect(await me.ids('?status=inbox')).toEqual([ids[2], ids[1], ids[0]]);
    expect(await me.ids('?status=unread')).toEqual([ids[2], ids[1]]);
    expect(await me.ids('?status=read')).toEqual([ids[0]]);
    expect(await me.ids('?status=archived')).toEqual([ids[3]]);
    expect(await me.ids('?status=snoozed')).toEqual([]);
    expect(await me.ids('?status=all')).toEqual(ids.toReversed());
    expect(await me.ids('?type=a&category=security')).toEqual([ids[2]]);
    expect(await me.ids('?priority=high')).toEqual([ids[1]]);
    expect(await me.ids('?q=e%20invoice')).toEqual([ids[2], ids[1], ids[0]]);
    expect(await me.ids('?q=tWo')).toEqual([ids[1]]);
    expect(await me.ids(`?since=${secondsFromNow(60)}`)).toEqual([]);

    const first = (await me.call('GET', '?status=all&limit=3')).json;
    const second = (await me.call('GET', `?status=all&limit=3&cursor=${first.next_cursor}`)).json;
    expect([...first.data, ...second.data].map(({ id }: any) => id)).toEqual(ids.toReversed());
    expect(second.next_cursor).toBeNull();
  });

  it('changes one, answers with what it is now, and the same when asked again', async () => {
    const me = await person();
    const [id] = await me.gets({});
    const until_ = secondsFromNow(3600);
    const steps: [path: string, expected: object, unread: number, body?: unknown][] = [
      ['seen', { status: 'unread', seen_at: expect.any(String), read: false }, 1],
      ['read', { status: 'read', read: true, read_at: expect.any(String) }, 0],
      ['unread', { status: 'unread', read: false, read_at: null }, 1],
      ['archive', { status: 'archived', archived_at: expect.any(String) }, 0],
      ['unarchive', { status: 'unread', archived_at: null }, 1],
      ['snooze', { status: 'snoozed', snoozed_until: until_ }, 0, { until: until_ }],
      ['unsnooze', { status: 'unread', snoozed_until: null }, 1],
    ];
    for (const [path, expected, unread, body] of steps) {
      const once = await me.call('POST', `/${id}/${path}`, body);
      expect({ path, ...once }).toMatchObject({ path, status: 200, json: { id, ...expected } });
      const again = await me.call('POST', `/${id}/${path}`, body);
      expect({ path, ...again }).toEqual({ path, status: 200, json: { ...once.json, time_ago: expect.any(String) } });
      expect({ path, unread: await me.unread() }).toEqual({ path, unread });
    }
  });

  it('counts, reads all and deletes', async () => {
    const me = await person();
    const ids = await me.gets({ category: 'billing' }, { category: 'security' }, { category: 'billing' });
    expect((await me.call('GET', '/stats')).json).toEqual({
      status: { unread: 3, read: 0, archived: 0, snoozed: 0 },
      unseen: 3,
      category: { billing: 2, security: 1 },
      type: { invoice_issued: 3 },
      priority: { normal: 3 },
    });
    expect((await me.call('POST', '/read-all?category=billing')).json).toEqual({ updated: 2 });
    expect((await me.call('POST', '/read-all')).json).toEqual({ updated: 1 });
    expect((await me.call('POST', '/read-all')).json).toEqual({ updated: 0 });
    expect(await me.unread()).toBe(0);
    expect((await me.call('DELETE', `/${ids[0]}`)).json).toEqual({ deleted: 1 });
    expect((await me.call('DELETE', `/${ids[0]}`)).json).toEqual({ deleted: 0 });
    expect(await me.call('GET', `/${ids[0]}`)).toMatchObject({ status: 404 });
    await me.call('POST', `/${ids[1]}/unread`);
    expect((await me.call('DELETE', '?status=read')).json).toEqual({ deleted: 1 });
    expect((await me.call('DELETE', '?status=read')).json).toEqual({ deleted: 0 });
    expect(await me.ids('?status=all')).toEqual([ids[1]]);
  });

  it.each([
    ['GET', '?status=gone', 'status', /must be one of inbox, unread, read, archived, snoozed, all/],
    ['GET', '?priority=medium', 'priority', /must be one of low, normal, high, urgent/],
    ['GET', '?colour=red', 'colour', /not a known field/],
    ['GET', '?limit=101', 'limit', /./],
    ['GET', '?since=yesterday', 'since', /RFC 3339/],
    ['GET', `?q=${'x'.repeat(101)}`, 'q', /at most 100/],
    ['GET', '?q=%20', 'q', /must not be empty/],
    ['GET', '?q=%00', 'q', /NUL character/],
    ['GET', '?type=%00', 'type', /./],
    ['GET', '?cursor=yesterday', 'cursor', /next_cursor of the same list/],
    // Of the list of suppressions, and of another shape.
    ['GET', `?cursor=${Buffer.from('suppressions:email a@b').toString('base64url')}`, 'cursor', /same list/],
    ['GET', `?cursor=${Buffer.from('notifications:1').toString('base64url')}`, 'cursor', /same list/],
    ['DELETE', '', 'status', /must be read/],
    ['DELETE', '?status=all', 'status', /must be read/],
    ['POST', '/read-all?status=read', 'status', /not a known field/],
  ])('refuses %s %s, naming %s and the cure', async (method, path, field, message) => {
    const { call } = await person();
    expect(await call(method, path)).toMatchObject({
      status: 400,
      json: { code: 'invalid_query', errors: [{ path: field, message: expect.stringMatching(message) }] },
    });
  });

  it.each([
    [{}, 400, 'until', /RFC 3339/],
    [{ until: 'tomorrow' }, 400, 'until', /RFC 3339/],
    [{ until: '2026-12-01T00:00:00Z', reason: 'x' }, 400, 'reason', /not a known field/],
    [{ until: '2020-01-01T00:00:00Z' }, 422, 'until', /is past/],
    [{ until: '2099-01-01T00:00:00Z' }, 422, 'until', /more than a year/],
  ])('refuses to snooze with %j', async (body, status, path, message) => {
    const me = await person();
    const [id] = await me.gets({});
    expect(await me.call('POST', `/${id}/snooze`, body)).toMatchObject({
      status,
      json: { errors: [{ path, message: expect.stringMatching(message) }] },
    });
    expect(await me.unread()).toBe(1);
  });

  it('has no state that nobody knows', async () => {
    const me = await person();
    const [id] = await me.gets({});
    expect(await me.call('POST', `/${id}/pinned`)).toMatchObject({ status: 404, json: { code: 'not_found' } });
  });

  it('shows and changes nothing of another recipient or tenant, on any route', async () => {
    const owner = await person();
    const [id, archived] = await owner.gets({}, {});
    await owner.call('POST', `/${archived}/archive`);
    const before = (await owner.call('GET', '?status=all')).json.data.map(({ time_ago: _, ...rest }: any) => rest);
    const strangers = [await person(), await person(owner.recipient, 'shop')];
    const routes = test.running.app
      .get(DescribedRoutes)
      .all()
      .filter(({ path, rule }) => path.startsWith('/v1/notifications') && rule?.access === 'recipient');
    expect(routes.length).toBe(15);
    for (const { method, path } of routes)
      for (const stranger of strangers)
        for (const wanted of [id, archived]) {
          const route = path.replace('/v1/notifications', '').replace('{id}', wanted!);
          const query = method.toUpperCase() === 'DELETE' && route === '' ? '?status=read' : '';
          const body = route.endsWith('/snooze') ? { until: secondsFromNow(60) } : undefined;
          const { status, json } = await stranger.call(method.toUpperCase(), route + query, body);
          const answer = `${method} ${path} ${status} ${JSON.stringify(json)}`;
          expect({ answer, seen: answer.includes('"title"') && status < 300 }).toMatchObject({ seen: false });
          if (path.includes('{id}')) expect({ answer, status }).toMatchObject({ status: 404 });
          else expect({ answer, status }).toMatchObject({ status: 200 });
        }
    const after = (await owner.call('GET', '?status=all')).json.data.map(({ time_ago: _, ...rest }: any) => rest);
    expect(after).toEqual(before);
  });
});
