import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@carillon/testing';
import { Client } from './client.ts';
import { startSuite, type Suite } from './suite.ts';

describe('an experiment', () => {
  let suite: Suite;
  let client: Client;
  const people = Array.from({ length: 200 }, (_, person) => `parent-${person}`);
  const emailOf = (person: string) => `${person}@example.org`;

  beforeAll(async () => {
    suite = await startSuite();
    client = new Client(suite);
    await suite.start('template-renderer');
    const catalog = await client.call('PUT', '/v1/admin/catalog', {
      types: {
        lesson_moved: {
          category: 'activity',
          channels: ['in_app', 'email'],
          templates: {
            en: {
              in_app: { title: 'Your lesson has been moved', message: 'To {{ day }}.' },
              email: { subject: 'Your lesson has been moved', body: '<mj-text>To {{ day }}.</mj-text>' },
            },
          },
        },
      },
    });
    expect(catalog.status).toBe(200);
    const recipients = people.map((id) => ({ id, email: emailOf(id), roles: ['parent'] }));
    expect(await client.call('POST', '/v1/recipients/bulk', { recipients })).toMatchObject({ status: 200 });
  }, 240_000);
  afterAll(() => suite.close(), 60_000);

  /** Sends the event and waits until everyone has it by both channels; answers with the variants by recipient. */
  async function send(day: string, to: object): Promise<Map<string, { inApp?: string; email?: string }>> {
    const { status, json } = await client.call('POST', '/v1/events', { type: 'lesson_moved', data: { day }, ...to });
    expect(status).toBe(202);
    const variants = await until(
      'everyone has it',
      async () => {
        const rows = await suite.database.query(
          `SELECT n.recipient, n.id, n.title, n.template AS in_app, d.template AS email, d.content->>'subject' AS subject
           FROM inbox.notifications n
           JOIN email_sender.deliveries d ON d.notification_id = n.id AND d.status = 'sent'
           WHERE n.message = $1`,
          [`To ${day}.`],
        );
        return rows.length === people.length && rows;
      },
      { timeoutMs: 120_000 },
    );
    expect(json.error).toBeUndefined();
    for (const { id, title, subject, in_app, email } of variants.slice(0, 5)) {
      const trace = await client.call('GET', `/v1/notifications/${id}/trace`);
      expect(trace.json.in_app).toMatchObject({ title, template: in_app });
      expect(trace.json.deliveries[0]).toMatchObject({ template: email, content: { subject } });
    }
    for (const { title, in_app, subject, email } of variants) {
      if (in_app.variant) expect(title).toBe(in_app.variant === 'short' ? 'Moved!' : 'Your lesson has been moved');
      if (email.variant) expect(subject).toBe(email.variant === 'short' ? 'Moved!' : 'Your lesson has been moved');
    }
    return new Map(variants.map((row) => [row.recipient, { inApp: row.in_app.variant, email: row.email.variant }]));
  }

  const resultsOf = async (id: string): Promise<any[]> =>
    (await client.call('GET', `/v1/admin/experiments/${id}`)).json.results.variants;

  it('keeps every recipient’s variant from event to event, adds up, and ends with the winner for everyone', async () => {
    const make = async (channel: string, short: object) => {
      const variants = [{ key: 'control' }, { key: 'short', words: { en: short } }];
      const body = { name: 'Shorter', type: 'lesson_moved', channel, variants };
      const { status, json } = await client.call('POST', '/v1/admin/experiments', body);
      expect([status, json]).toMatchObject([201, { status: 'draft' }]);
      expect((await client.call('POST', `/v1/admin/experiments/${json.id}/start`)).status).toBe(200);
      return json.id as string;
    };
    const email = await make('email', { subject: 'Moved!', body: '<mj-text>To {{ day }}.</mj-text>' });
    const inApp = await make('in_app', { title: 'Moved!', message: 'To {{ day }}.' });
    const again = await client.call('POST', '/v1/admin/experiments', {
      name: 'Another',
      type: 'lesson_moved',
      channel: 'email',
      variants: [{ key: 'a' }, { key: 'b', words: { en: { subject: 'B', body: '<mj-text>B</mj-text>' } } }],
    });
    expect(await client.call('POST', `/v1/admin/experiments/${again.json.id}/start`)).toMatchObject({
      status: 409,
      json: { code: 'experiment_running', detail: expect.stringContaining(email) },
    });

    const first = await send('Monday', { audience: { role: 'parent' } });
    const second = await send('Tuesday', { recipients: people });
    expect(Object.fromEntries(second)).toEqual(Object.fromEntries(first));
    const count = (of: 'inApp' | 'email', variant: string) =>
      [...first.values()].filter((variants) => variants[of] === variant).length;
    for (const channel of ['inApp', 'email'] as const) {
      expect(count(channel, 'control') + count(channel, 'short')).toBe(people.length);
      // Six standard deviations around the half.
      expect(Math.abs(count(channel, 'short') - 100)).toBeLessThan(43);
    }
    expect((await client.mailbox(emailOf('parent-7'), 'email')).map(({ subject }) => subject)).toEqual(
      Array(2).fill(first.get('parent-7')!.email === 'short' ? 'Moved!' : 'Your lesson has been moved'),
    );

    const readers = people.filter((_, index) => index % 4 === 0);
    for (const person of readers) {
      const { json } = await client.call('POST', `/v1/recipients/${person}/tokens`);
      for (let times = 0; times < 2; times++) await client.call('POST', '/v1/notifications/read-all', {}, json.token);
    }
    await until('all of it is counted', async () => {
      const [control, short] = await resultsOf(inApp);
      return control.sent + short.sent === 2 * people.length && control.opened + short.opened === 2 * readers.length;
    });
    for (const { key, sent, delivered, opened, rates } of await resultsOf(inApp)) {
      const read = readers.filter((person) => first.get(person)!.inApp === key).length;
      expect({ key, sent, delivered, opened }).toEqual({
        key,
        sent: 2 * count('inApp', key),
        delivered: 2 * count('inApp', key),
        opened: 2 * read,
      });
      expect(rates.opened.rate).toBeCloseTo(read / count('inApp', key), 3);
      expect(rates.opened.low).toBeLessThan(rates.opened.rate);
      expect(rates.opened.high).toBeGreaterThan(rates.opened.rate);
    }
    await until('all emails are counted', async () => {
      const [control, short] = await resultsOf(email);
      return control.sent === 2 * count('email', 'control') && short.sent === 2 * count('email', 'short');
    });

    for (const id of [inApp, email]) {
      expect(await client.call('POST', `/v1/admin/experiments/${id}/promote`, { variant: 'short' })).toMatchObject({
        status: 200,
        json: { status: 'promoted', winner: 'short', results: { control: 'control' } },
      });
    }
    const third = await send('Wednesday', { audience: { role: 'parent' } });
    expect([...third.values()]).toEqual(Array(people.length).fill({}));
    const titles = await suite.database.query(
      `SELECT n.title, n.template, d.content->>'subject' AS subject, count(*)::int AS count
       FROM inbox.notifications n JOIN email_sender.deliveries d ON d.notification_id = n.id
       WHERE n.message = 'To Wednesday.' GROUP BY 1, 2, 3`,
    );
    expect(titles).toEqual([
      {
        title: 'Moved!',
        subject: 'Moved!',
        template: { key: 'lesson_moved', version: 2, locale: 'en' },
        count: people.length,
      },
    ]);
    const { json } = await client.call('GET', '/v1/admin/experiments?type=lesson_moved&limit=2');
    expect(json.data.map(({ status }: any) => status)).toEqual(['draft', 'promoted']);
    expect(json.next_cursor).toEqual(expect.any(String));
  }, 400_000);

  it('is refused with every mistake by its field', async () => {
    const of = (body: object) => client.call('POST', '/v1/admin/experiments', body);
    const whole = { name: 'N', type: 'lesson_moved', channel: 'email' };
    const paths = ({ json }: any) => json.errors.map(({ path }: any) => path);
    const one = await of({ ...whole, variants: [{ key: 'a' }] });
    expect([one.status, one.json.errors]).toEqual([
      400,
      [{ path: 'variants', message: 'must be at least two variants' }],
    ]);
    const weights = await of({
      ...whole,
      variants: [
        { key: 'a', weight: 0 },
        { key: 'a', weight: 1.5, versions: {}, words: {} },
      ],
    });
    expect([weights.status, paths(weights).sort()]).toEqual([
      400,
      expect.arrayContaining(['variants[0].weight', 'variants[1].weight']),
    ]);
    const twice = await of({ ...whole, variants: [{ key: 'a' }, { key: 'a' }] });
    expect([twice.status, twice.json.errors]).toEqual([
      400,
      [{ path: 'variants[1].key', message: '"a" is the key of another variant' }],
    ]);
    const unknown = await of({ ...whole, variants: [{ key: 'a' }, { key: 'b', versions: { en: 99 } }] });
    expect([unknown.status, unknown.json]).toMatchObject([
      422,
      {
        code: 'invalid_experiment',
        errors: [{ path: 'variants[1].versions.en', message: expect.stringContaining('there is no version 99') }],
      },
    ]);
    expect((await client.call('GET', '/v1/admin/experiments/nothing')).status).toBe(404);
    expect((await client.call('GET', '/v1/admin/experiments?status=paused')).status).toBe(400);
  });
});
