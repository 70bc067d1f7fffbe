import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { unique, until } from '@carillon/testing';
import { Client } from './client.ts';
import { startSuite, type Suite } from './suite.ts';

/** A music school's booking service: it has an exchange of its own and knows nothing of Carillon. */
const exchange = `studio-${unique()}`;
const catalog = `
# How the school tells people of lessons.
categories:
  lessons: { name: Lessons }
sources:
  bookings:
    exchange: ${exchange}
    routing_keys: ['lesson.*', 'message.sent', 'comment.*']
    map:
      id: body.event_id
      data: body.payload
types:
  lesson_scheduled:
    category: lessons
    channels: [in_app, email]
    on: lesson.scheduled
    when: data.kind != "trial"
    to: 'data.students | map: "guardian"'
    schema:
      type: object
      required: [course]
      properties: { course: { type: string } }
    templates:
      en:
        in_app: { title: '{{ course }} is booked', message: 'With {{ teacher }}.' }
        email: { subject: '{{ course }} is booked', body: '<mj-text>With {{ teacher }}.</mj-text>' }
      sw:
        in_app: { title: '{{ course }} limepangwa', message: 'Na {{ teacher }}.' }
  lesson_alert:
    category: lessons
    channels: [in_app]
    on: lesson.scheduled
    to: { role: office }
    templates:
      en:
        in_app: { title: 'Booked by {{ teacher }}', message: '{{ course }}' }
  new_comment:
    category: lessons
    channels: [in_app]
    on: comment.written
    to: data.to
    batch: { key: data.thread, window: 1h }
    templates:
      en:
        in_app: { title: '{{ from }} commented', message: '{{ text }}' }
  new_message:
    category: lessons
    channels: [in_app]
    on: message.sent
    to: data.to
    throttle: { max: 2, per: 1h }
    templates:
      en:
        in_app: { title: 'Message', message: '{{ text }}' }
`;

describe('a catalog', () => {
  let suite: Suite;
  let client: Client;
  const tokens: Record<string, string> = {};

  beforeAll(async () => {
    suite = await startSuite();
    client = new Client(suite);
    tokens.amina = await client.recipient('amina', { name: 'Amina', email: 'amina@example.org' });
    tokens.juma = await client.recipient('juma', { name: 'Juma' });
    await client.call('PUT', '/v1/recipients/juma', { name: 'Juma', locale: 'sw' });
    tokens.office = await client.recipient('office', { name: 'Office' });
    await client.call('PUT', '/v1/recipients/office', { name: 'Office', roles: ['office'] });
  }, 90_000);

  afterAll(async () => {
    await suite.broker.channel.deleteExchange(exchange).catch(() => undefined);
    await suite.close();
  }, 60_000);

  const put: Client['putCatalog'] = (...request) => client.putCatalog(...request);
  const source = async () => (await client.call('GET', '/v1/admin/sources/bookings')).json;
  const inbox = async (who: string): Promise<any[]> =>
    (await client.call('GET', '/v1/notifications', undefined, tokens[who])).json.data;
  const titles = async (who: string) => (await inbox(who)).map(({ title }) => title).sort();
  /** As the booking service does it: plain JSON in its own words. */
  const happened = (routingKey: string, id: string, payload: object) =>
    suite.broker.channel.publish(exchange, routingKey, Buffer.from(JSON.stringify({ event_id: id, payload })), {
      contentType: 'application/json',
      appId: 'bookings',
    });

  it('is checked as a whole and by line before anything changes', async () => {
    const wrong = catalog
      .replace('when: data.kind != "trial"', 'when: data.kind | nonsense')
      .replace('{{ text }}', '{{ text');
    const { status, json } = await put(wrong);
    expect(status).toBe(422);
    const line = (text: string) => wrong.split('\n').findIndex((one) => one.includes(text)) + 1;
    expect(json.errors).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ path: 'types.lesson_scheduled.when', line: line('nonsense') }),
        expect.objectContaining({ path: 'types.new_comment.templates.en.in_app.message', line: line('{{ text') }),
      ]),
    );
    expect((await client.call('GET', '/v1/admin/catalog')).json).toEqual({});
  });

  it('shows what it would change, then brings an exchange that does not exist yet as soon as it appears', async () => {
    const tried = await put(catalog, '?dry_run=true');
    expect(tried.json).toMatchObject({ applied: false });
    expect(tried.json.changes).toContainEqual(
      expect.objectContaining({ change: 'added', path: 'types.lesson_scheduled.category' }),
    );
    expect((await client.call('GET', '/v1/admin/catalog')).json).toEqual({});

    expect(await put(catalog)).toMatchObject({ status: 200, json: { version: 1, applied: true } });
    await until('it is reported as missing', async () => (await source()).status === 'missing');
    await suite.broker.channel.assertExchange(exchange, 'topic', { durable: false, autoDelete: false });
    await until('it is bound', async () => (await source()).status === 'bound');
  });

  it('turns the words of a service that knows nothing of Carillon into notifications, in each one’s language', async () => {
    const lesson = {
      course: 'Cello',
      teacher: 'Ms Abara',
      students: [
        { name: 'Asha', guardian: 'amina' },
        { name: 'Baraka', guardian: 'juma' },
      ],
    };
    happened('lesson.scheduled', 'b-1', { ...lesson, kind: 'regular' });
    // The same again, a trial lesson and something that nobody asked about: all of them nothing new.
    happened('lesson.scheduled', 'b-1', { ...lesson, kind: 'regular' });
    happened('lesson.scheduled', 'b-2', { ...lesson, kind: 'trial', course: 'Trial' });
    happened('lesson.rated', 'b-3', { stars: 5 });
    await until('everyone has it', async () =>
      (await Promise.all(['amina', 'juma', 'office'].map(inbox))).every((found) => found.length > 0),
    );
    expect(await titles('amina')).toEqual(['Cello is booked']);
    expect(await titles('juma')).toEqual(['Cello limepangwa']);
    expect((await client.arrived('amina@example.org', 'email')).subject).toBe('Cello is booked');
    await until('the office has both', async () => (await inbox('office')).length === 2);

    const [{ id }] = await inbox('amina');
    const { json: trace } = await client.call('GET', `/v1/notifications/${id}/trace`);
    expect(trace.notification).toMatchObject({
      type: 'lesson_scheduled',
      category: 'lessons',
      event_type: 'lesson.scheduled',
    });
    expect(trace.decision[0]).toMatchObject({
      channel: 'in_app',
      rule: 'catalog_default',
      inputs: { mandatory: false },
    });
    expect((await client.call('GET', '/v1/admin/dead-letters')).json.data).toEqual([]);
  });

  it('parks an event that its expressions cannot work with, naming the expression and the event', async () => {
    happened('lesson.scheduled', 'b-4', { course: 'Oboe', teacher: 'Mr Diallo', kind: 'regular' });
    const letter = await until(
      'it is parked',
      async () => (await client.call('GET', '/v1/admin/dead-letters')).json.data[0],
    );
    expect(letter.error).toContain('data.students | map: "guardian"');
    expect(letter.error).toContain('b-4');
  });

  it('lets at most so many through in a window', async () => {
    for (const number of [1, 2, 3, 4])
      happened('message.sent', `m-${number}`, { to: 'juma', text: `Message ${number}` });
    const decided = async () =>
      suite.database.query(`SELECT channels FROM preferences.notifications WHERE type = 'new_message'`);
    await until('all are decided', async () => (await decided()).length === 4);
    const rules = (await decided()).map(({ channels }) => channels[0].rule).sort();
    expect(rules).toEqual(['catalog_default', 'catalog_default', 'throttled', 'throttled']);
  });

  it('lets similar ones become one entry of the inbox', async () => {
    for (const [number, thread] of ['cello', 'cello', 'oboe', 'cello'].entries())
      happened('comment.written', `c-${number}`, { to: 'amina', thread, from: 'Ms Abara', text: `Comment ${number}` });
    const comments = async () => (await inbox('amina')).filter(({ type }) => type === 'new_comment');
    await until('all are counted', async () => (await comments()).reduce((sum, { count }) => sum + count, 0) === 4);
    expect((await comments()).map(({ count }) => count).sort()).toEqual([1, 3]);
    for (const { id } of await comments())
      await client.call('DELETE', `/v1/notifications/${id}`, undefined, tokens.amina);
  });

  it('is tried out on an event that never was, with its words', async () => {
    const { status, json } = await client.call('POST', '/v1/events/dry-run', {
      type: 'lesson.scheduled',
      data: { course: 'Harp', teacher: 'Ms Okoye', kind: 'regular', students: [{ guardian: 'amina' }] },
    });
    expect(status).toBe(200);
    expect(json).toMatchObject({ types: ['lesson_scheduled', 'lesson_alert'], skipped: [], notifications_total: 2 });
    expect(json.notifications[0]).toMatchObject({
      recipient: 'amina',
      decision: [
        { channel: 'in_app', outcome: 'send' },
        { channel: 'email', outcome: 'send' },
      ],
      rendered: { in_app: { title: 'Harp is booked' }, email: { subject: 'Harp is booked' } },
    });
    const skipped = await client.call('POST', '/v1/events/dry-run', {
      type: 'lesson.scheduled',
      data: { course: 'Harp', teacher: 'Ms Okoye', kind: 'trial', students: [{ guardian: 'amina' }] },
    });
    expect(skipped.json).toMatchObject({ types: ['lesson_alert'], skipped: ['lesson_scheduled'] });
    expect(await titles('amina')).toEqual(['Cello is booked']);
  });

  it('goes back to an earlier version, and its sources with it', async () => {
    expect(await put('types: {}\n')).toMatchObject({ status: 200, json: { version: 2 } });
    expect((await client.call('POST', '/v1/events', { type: 'lesson_scheduled', recipients: ['amina'] })).status).toBe(
      422,
    );
    expect(await client.call('POST', '/v1/admin/catalog/revert', { version: 1 })).toMatchObject({
      status: 200,
      json: { version: 3, applied: true },
    });
    await until('it is bound again', async () => (await source()).status === 'bound');
    happened('message.sent', 'm-9', { to: 'office', text: 'Back again' });
    await until('the office has it', async () => (await titles('office')).includes('Message'));
  });
});
