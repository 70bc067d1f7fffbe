import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { until } from '@carillon/testing';
import { Client, type MailboxMessage } from './client.ts';
import { startSuite, type ServiceName, type Suite } from './suite.ts';

const catalog = `
categories:
  lessons: { name: Lessons }
types:
  lesson_moved:
    category: lessons
    channels: [in_app, email]
    on: lesson.moved
    to: data.student
    templates:
      en:
        in_app: { title: '{{ course }} was moved', message: 'To room {{ room }}.', link: '/lessons/{{ lesson_id }}' }
  homework_set:
    category: lessons
    channels: [in_app, email]
    on: homework.set
    to: data.student
    digest: { unread_only: true }
    templates:
      en:
        in_app: { title: 'Homework: {{ course }}', message: 'Until Friday.' }
  comment_added:
    category: activity
    channels: [email]
    on: comment.added
    to: data.student
    batch: { key: data.video, window: 1s, max: 40, channels: [email] }
    templates:
      en:
        email:
          subject: '{% if notification.count > 1 %}{{ notification.count }} comments{% else %}A comment{% endif %} on {{ video }}'
          body: |
            <mj-text>{% for item in notification.items %}[{{ item.ref }}]{% endfor %}</mj-text>
`;

/** What is sent together, through the public surface alone. */
describe('digests and batches', () => {
  let suite: Suite;
  let client: Client;
  let events = 0;

  beforeAll(async () => {
    suite = await startSuite();
    client = new Client(suite);
    expect(await client.putCatalog(catalog)).toMatchObject({ status: 200 });
  }, 120_000);
  afterAll(() => suite?.close(), 60_000);

  const ok: Client['ok'] = (...request) => client.ok(...request);
  const tell = (type: string, data: object): string => {
    const id = `event-${(events += 1)}`;
    client.publish(type, { specversion: '1.0', id, source: '/studio', type, tenant: 'default', data });
    return id;
  };
  /** A recipient who gets things daily. */
  const daily = async (id: string, digest: object = { hour: 8 }): Promise<string> => {
    const token = await client.recipient(id, { name: 'Sam', email: `${id}@example.org` });
    await ok('PUT', '/v1/preferences', { frequency: 'daily', digest }, token);
    return token;
  };
  const pending = async (recipient: string) => (await ok('GET', `/v1/admin/digests?recipient=${recipient}`)).data;
  const untilPending = (recipient: string, items: number) =>
    until(`${items} wait for ${recipient}`, async () => {
      const [digest, ...more] = await pending(recipient);
      return more.length === 0 && digest?.items === items && digest;
    });
  const mails = (id: string) => client.mailbox(`${id}@example.org`, 'email');
  const inbox = async (token: string) => (await ok('GET', '/v1/notifications', undefined, token)).data;

  it('what is daily comes as one email with everything in it, and its trace leads there', async () => {
    const token = await daily('sam', { hour: 18 });
    tell('lesson.moved', { student: 'sam', course: 'Piano', room: 'B2', lesson_id: 7 });
    await until('the inbox has it at once', async () => (await inbox(token)).length === 1);
    tell('homework.set', { student: 'sam', course: 'Theory' });
    await untilPending('sam', 2);
    await ok('POST', '/v1/events', {
      type: 'payment_received',
      recipients: ['sam'],
      channels: ['in_app', 'email'],
      data: { amount: 500, currency: 'KES', reference: 'QK1' },
    });
    const digest = await untilPending('sam', 3);
    expect(digest).toMatchObject({ kind: 'digest', channel: 'email', frequency: 'daily', status: 'pending' });
    expect(new Date(digest.due_at).getUTCHours()).toBe(18);
    const { contents } = await ok('GET', `/v1/admin/digests/${digest.id}`);
    expect(contents.map(({ title }: any) => title)).toEqual([
      'Piano was moved',
      'Homework: Theory',
      'Payment received',
    ]);
    expect(await mails('sam')).toEqual([]);

    await ok('POST', `/v1/admin/digests/${digest.id}/run`);
    const mail = await client.arrived('sam@example.org', 'email');
    expect(mail.subject).toBe('Your daily digest: Piano was moved and 2 more');
    const places = ['Lessons', 'Piano was moved', 'Homework: Theory', 'Billing', 'Payment received'].map((text) =>
      mail.text.indexOf(text),
    );
    expect(places).toEqual(places.toSorted((a, b) => a - b));
    expect(places[0]).toBeGreaterThan(0);
    expect(mail.html).toContain('/lessons/7"');

    const trace = await until('the trace tells all', async () => {
      const json = await ok('GET', `/v1/notifications/${contents[0].notification_id}/trace`);
      return json.digests[0]?.deliveries[0]?.status === 'sent' && json;
    });
    expect(trace.decision.find(({ channel }: any) => channel === 'email')).toMatchObject({
      outcome: 'digest',
      rule: 'frequency',
      until: digest.due_at,
    });
    expect(trace.digests).toMatchObject([{ id: digest.id, status: 'closed', item: 'taken' }]);
    const own = await ok('GET', `/v1/notifications/${trace.digests[0].notification_id}/trace`);
    expect(own.notification).toMatchObject({ type: 'digest', category: 'digest', recipient: 'sam' });
    expect(await mails('sam')).toHaveLength(1);
    expect(await pending('sam')).toEqual([]);
    expect((await client.call('DELETE', `/v1/admin/digests/${digest.id}`)).status).toBe(409);
  });

  it('what was read in the inbox before is left out where the catalog says so, and an empty digest is not sent', async () => {
    const token = await daily('ada');
    tell('homework.set', { student: 'ada', course: 'Theory' });
    const digest = await untilPending('ada', 1);
    const [{ id }] = await until('it is in the inbox', async () => {
      const found = await inbox(token);
      return found.length === 1 && found;
    });
    await ok('POST', `/v1/notifications/${id}/read`, undefined, token);
    await until('it is left out', async () => (await pending('ada'))[0]?.items === 0);
    await ok('POST', `/v1/admin/digests/${digest.id}/run`);
    await until('it has ended', async () => (await ok('GET', `/v1/admin/digests/${digest.id}`)).status === 'empty');
    expect(await mails('ada')).toEqual([]);
  });

  it('what waits follows its recipient’s choices: to another hour, out of the digest, or at once', async () => {
    const token = await daily('kim', { hour: 8 });
    tell('lesson.moved', { student: 'kim', course: 'Cello', room: 'B2', lesson_id: 8 });
    await untilPending('kim', 1);
    tell('homework.set', { student: 'kim', course: 'Rhythm' });
    const first = await untilPending('kim', 2);
    expect(new Date(first.due_at).getUTCHours()).toBe(8);

    await ok('PATCH', '/v1/preferences', { digest: { hour: 21 } }, token);
    const moved = await until('it is planned anew', async () => {
      const [digest] = await pending('kim');
      return digest && digest.id !== first.id && digest.items === 2 && digest;
    });
    expect(new Date(moved.due_at).getUTCHours()).toBe(21);

    await ok('PATCH', '/v1/preferences', { types: { homework_set: { email: false } } }, token);
    const left = await until('one is out of it', async () => {
      const [digest] = await pending('kim');
      return digest && digest.id !== moved.id && digest.items === 1 && digest;
    });
    const { contents } = await ok('GET', `/v1/admin/digests/${moved.id}`);
    const homework = contents.find(({ status, notification_id }: any) => status === 'taken' && notification_id);
    const { decision } = await ok('GET', `/v1/notifications/${homework.notification_id}/trace`);
    expect(decision.find(({ channel }: any) => channel === 'email')).toMatchObject({
      outcome: 'drop',
      rule: 'type_preference',
    });

    await ok('PUT', '/v1/recipients/kim', { name: 'Kim', email: 'kim@example.org', time_zone: 'Africa/Nairobi' });
    const there = await until('it follows the zone', async () => {
      const [digest] = await pending('kim');
      return digest && digest.id !== left.id && digest.items === 1 && digest;
    });
    expect(new Date(there.due_at).getUTCHours()).toBe(18);

    await ok('PATCH', '/v1/preferences', { frequency: 'immediate' }, token);
    expect((await client.arrived('kim@example.org', 'email')).text).toContain('Cello was moved');
    expect(await mails('kim')).toHaveLength(1);
  });

  it('cancelled, nothing of it comes', async () => {
    await daily('lee');
    tell('lesson.moved', { student: 'lee', course: 'Flute', room: 'B2', lesson_id: 9 });
    const digest = await untilPending('lee', 1);
    expect(await ok('DELETE', `/v1/admin/digests/${digest.id}`)).toMatchObject({ status: 'cancelled' });
    tell('lesson.moved', { student: 'lee', course: 'Oboe', room: 'B2', lesson_id: 9 });
    const next = await untilPending('lee', 1);
    await ok('POST', `/v1/admin/digests/${next.id}/run`);
    const mail = await client.arrived('lee@example.org', 'email');
    expect(mail.text).toContain('Oboe was moved');
    expect(mail.text).not.toContain('Flute');
  });

  const refsIn = (mail: MailboxMessage) => [...mail.html!.matchAll(/\[(ref-\d+)\]/g)].map(([, ref]) => ref!);

  it('similar ones within the window are one email in the words of the type; one alone is the ordinary one', async () => {
    await client.recipient('max', { email: 'max@example.org' });
    for (let n = 0; n < 10; n += 1) tell('comment.added', { student: 'max', video: 'recital', ref: `ref-${n}` });
    tell('comment.added', { student: 'max', video: 'rehearsal', ref: 'ref-99' });
    const found = await until('both arrived', async () => {
      const all = await mails('max');
      return all.length >= 2 && all;
    });
    expect(found.map(({ subject }) => subject).sort()).toEqual(['10 comments on recital', 'A comment on rehearsal']);
    const [ten] = found.filter(({ subject }) => subject!.startsWith('10'));
    expect(refsIn(ten!).sort()).toEqual(Array.from({ length: 10 }, (_, n) => `ref-${n}`));
  });

  it('nothing is lost or doubled when one of two schedulers, or who decides, dies by kill -9 at the edges of windows', async () => {
    await suite.start('scheduler');
    await client.recipient('eve', { email: 'eve@example.org' });
    const count = 300;
    // Windows of a second open and close all the time while these arrive.
    const kills: Record<number, ServiceName> = {
      60: 'scheduler',
      120: 'preferences',
      180: 'scheduler',
      240: 'scheduler',
    };
    for (let n = 0; n < count; n += 1) {
      tell('comment.added', { student: 'eve', video: `video-${n % 3}`, ref: `ref-${n}` });
      const dies = kills[n];
      if (dies) {
        const before = (await mails('eve')).length;
        // A window has just closed: its message is on its way, and the next one is open.
        await until('an email came', async () => (await mails('eve')).length > before, { everyMs: 5 });
        const victim = suite.processes.filter(({ name }) => name === dies).at(-1)!;
        await victim.kill();
        await suite.start(dies);
      }
    }
    const refs = async () => (await mails('eve')).flatMap(refsIn);
    await until('all arrived', async () => new Set(await refs()).size === count, { timeoutMs: 60_000 });
    await until('no window is left', async () => (await pending('eve')).length === 0);
    expect((await refs()).sort()).toEqual(Array.from({ length: count }, (_, n) => `ref-${n}`).sort());
    expect((await mails('eve')).length).toBeLessThan(count / 3);
  });
});
