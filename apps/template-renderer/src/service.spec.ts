import {
  chunkRouted,
  deadLetter,
  digestItem,
  emailRendered,
  inAppRendered,
  notificationRouted,
  smsRendered,
  freshId,
  type CloudEvent,
  type DigestItem,
  type EmailRendered,
  type InAppRendered,
  type NotificationRouted,
  type SmsRendered,
} from '@carillon/contracts';
import { unpackedLetter } from '@carillon/messaging';
import { startTestService, until, type TestService } from '@carillon/testing';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { service } from './service.ts';
import { routedTo } from './testing/sample.ts';

let renderer: TestService;
let inApps: CloudEvent<InAppRendered>[];
let emails: CloudEvent<EmailRendered>[];
let sms: CloudEvent<SmsRendered>[];
let items: CloudEvent<DigestItem>[];
let parked: CloudEvent<any>[];

beforeAll(async () => {
  renderer = await startTestService(service, { BRAND_NAME: 'Umoja School', SITE_URL: 'https://umoja.example/' });
  [inApps, emails, sms, items, parked] = await Promise.all([
    renderer.broker.capture(inAppRendered),
    renderer.broker.capture(emailRendered),
    renderer.broker.capture(smsRendered),
    renderer.broker.capture(digestItem),
    renderer.broker.capture(deadLetter),
  ]);
});
afterAll(() => renderer?.close());

/** Routes a notification under ids of its own. */
async function route(id: string, routed: NotificationRouted, tenant = 'school'): Promise<void> {
  const deliveries = routed.deliveries.map(({ channel, address }) => ({
    delivery_id: `${id}-${channel}`,
    channel,
    address,
  }));
  await renderer.messages.publish(notificationRouted, { ...routed, notification_id: id, deliveries }, { tenant, id });
}

const of = <T extends { notification_id: string }>(events: CloudEvent<T>[], id: string): CloudEvent<T> | undefined =>
  events.find((event) => event.data.notification_id === id);

describe('the template-renderer', () => {
  it('turns a routed notification into one rendered message per delivery', async () => {
    await route('n1', routedTo(['in_app', 'email', 'sms']));
    const [inApp, email, text] = await until('all three are rendered', () => {
      const all = [of(inApps, 'n1'), of(emails, 'n1'), of(sms, 'n1')] as const;
      return all.every(Boolean) && all;
    });
    expect(inApp).toMatchObject({
      id: 'n1-in_app',
      tenant: 'school',
      subject: 'parent-17',
      source: '/carillon/template-renderer',
    });
    expect(inApp!.data).toMatchObject({
      title: 'Invoice INV-1001',
      template: { key: 'invoice_issued', version: 1, locale: 'en' },
    });
    expect(email!.data).toMatchObject({ subject: 'Invoice INV-1001: KES 12,500.00', to: { address: 'email-17' } });
    expect(email!.data.html).toContain('href="https://umoja.example"');
    expect(text!.data.text).toBe('Umoja School: invoice INV-1001 of KES 12,500.00 is due on 1 December 2026.');
  });

  it('parks a notification with a missing variable after publishing the channels that do not need it', async () => {
    const data = { time: 'yesterday', link: '/security' };
    await route('n2', routedTo(['in_app', 'email'], { type: 'login_alert', data }));
    await route('n3', routedTo(['email', 'push'], { type: 'test_message', data: {} }));
    await route('n4', routedTo(['sms'], { data: { invoice_number: 'INV-1001', amount: 5 } }));
    await until('three are parked', () => parked.length === 3);
    const errors = parked.map((letter) => JSON.stringify(letter)).join('\n');
    expect(errors).toContain(
      'login_alert could not be rendered: in_app (template login_alert v1, en): message: date needs an ISO date',
    );
    expect(errors).toContain('test_message could not be rendered: push: nothing is sent on this channel yet');
    expect(errors).toMatch(/invoice_issued could not be rendered: sms .*have no .*currency.*due_date/);
    expect(of(emails, 'n3')!.data.subject).toBe('Test message from Umoja School');
    expect(of(emails, 'n2')).toBeUndefined();
  });

  it('shows content of the event, and generic words for a type that has none', async () => {
    const content = { title: 'Hello', message: 'World', html: '<b onclick="x()">World</b>' };
    await route('n5', routedTo(['in_app'], { content }));
    await route('n6', routedTo(['in_app'], { type: 'lesson_moved', data: {} }));
    await until('both are rendered', () => of(inApps, 'n5') && of(inApps, 'n6'));
    expect(of(inApps, 'n5')!.data).toMatchObject({
      title: 'Hello',
      html: '<b>World</b>',
      template: { key: 'content', version: 0 },
    });
    expect(of(inApps, 'n6')!.data).toMatchObject({ title: 'Lesson moved', template: { key: 'generic', version: 1 } });
  });

  describe('of what waits for a digest', () => {
    const { channel, window, requested, until: time } = digestItem.example;
    const waiting = { channel, window, requested, until: time };

    it('says what that shows of it, in the words of the inbox, beside what is sent at once', async () => {
      const id = freshId();
      const event = { id: freshId(), type: 'invoice.issued', source: '/finance' };
      await route(id, routedTo(['in_app'], { event, digests: [waiting, { ...waiting, channel: 'sms' }] }));
      const both = await until('both are told', () => {
        const found = items.filter(({ data }) => data.notification_id === id);
        return found.length === 2 && of(inApps, id) && found;
      });
      expect(both.map(({ data }) => data.channel).sort()).toEqual(['email', 'sms']);
      expect(both[0]!.data).toMatchObject({
        window,
        event,
        recipient: 'parent-17',
        type: 'invoice_issued',
        words: { title: 'Invoice INV-1001', message: 'KES 12,500.00 is due on 1 December 2026.' },
      });
      expect(new Set(both.map((one) => one.id)).size).toBe(2);
    });

    it('uses the subject of an email where there are no words for the inbox', async () => {
      const compiled = {
        parts: { subject: 'About {{ lesson }}', html: '<p>x</p>', text: 'x' },
        required: [],
        optional: [],
      };
      await renderer.database.query(
        `INSERT INTO template_renderer.templates (tenant, type, channel, locale, version, source, source_hash, compiled)
         VALUES ('letters', 'letter', 'email', 'en', 1, '{}', '', $1)`,
        [JSON.stringify(compiled)],
      );
      const id = freshId();
      const event = { id: freshId(), type: 'letter', source: '/x' };
      const letter = { type: 'letter', event, data: { lesson: 'Piano', link: '/lessons/7' }, digests: [waiting] };
      await route(id, routedTo([], letter), 'letters');
      const item = await until('it is told', () => items.find(({ data }) => data.notification_id === id));
      expect(item.data.words).toEqual({ title: 'About Piano', message: '', link: '/lessons/7' });
    });

    it('cuts it short at a word’s end, and parks what has no words alone', async () => {
      const [long, wrong] = [freshId(), freshId()];
      const content = { title: 'A'.repeat(199), message: `${'word '.repeat(200)}end` };
      await route(long, routedTo([], { content, digests: [waiting] }));
      const before = parked.length;
      await route(wrong, routedTo(['email'], { type: 'login_alert', data: { time: 'yesterday' }, digests: [waiting] }));
      const item = await until('it is told', () => items.find(({ data }) => data.notification_id === long));
      expect(item.data.words!.title).toHaveLength(199);
      expect(item.data.words!.message).toMatch(/ word…$/);
      expect(item.data.words!.message.length).toBeLessThanOrEqual(400);
      await until('it is parked', () => parked.length === before + 1);
      expect(items.some(({ data }) => data.notification_id === wrong)).toBe(false);
    });

    it('of many at once too, each with what is its own', async () => {
      const { notification_id: _, recipient, deliveries: __, ...shared } = routedTo([], {});
      const to = ['amina', 'bo', 'chi'].map((id) => ({
        notification_id: freshId(),
        recipient: { ...recipient, id },
        deliveries: id === 'chi' ? [{ delivery_id: freshId(), channel: 'in_app' as const, address: id }] : [],
        ...(id !== 'chi' && { digests: [waiting] }),
      }));
      await renderer.messages.publish(
        chunkRouted,
        { ...shared, lane: 'bulk', to },
        { tenant: 'school', id: freshId() },
      );
      const found = await until('two wait', () => {
        const all = items.filter(({ data }) => ['amina', 'bo'].includes(data.recipient));
        return all.length === 2 && all;
      });
      expect(found.map(({ data }) => data.words!.title)).toEqual(['Invoice INV-1001', 'Invoice INV-1001']);
    });
  });

  it('fills in how many it stands for, and what the others say', async () => {
    const compiled = {
      parts: {
        title: '{{ notification.count }} comments',
        message: '{% for item in notification.items %}{{ item.actor.name }}: {{ item.text }}. {% endfor %}',
      },
      required: [],
      optional: [],
    };
    await renderer.database.query(
      `INSERT INTO template_renderer.templates (tenant, type, channel, locale, version, source, source_hash, compiled)
       VALUES ('comments', 'comment_added', 'in_app', 'en', 1, '{}', '', $1)`,
      [JSON.stringify(compiled)],
    );
    const said = (text: string, name: string) => ({ data: { text }, actor: { name }, at: '2026-11-21T09:30:00Z' });
    const one = { type: 'comment_added', data: { text: 'Bravo' }, actor: { name: 'Chi' } };
    await route('c1', routedTo(['in_app'], one), 'comments');
    const grouped = { count: 12, items: [said('Nice', 'Bo'), said('Bravo', 'Chi')] };
    await route('c2', routedTo(['in_app'], { ...one, grouped }), 'comments');
    await until('both are rendered', () => of(inApps, 'c1') && of(inApps, 'c2'));
    expect(of(inApps, 'c1')!.data).toMatchObject({ title: '1 comments', message: 'Chi: Bravo.' });
    expect(of(inApps, 'c2')!.data).toMatchObject({ title: '12 comments', message: 'Bo: Nice. Chi: Bravo.' });
  });

  it('prefers a tenant’s own words in the recipient’s language', async () => {
    const compiled = {
      parts: { title: 'Ankara {{ invoice_number }}', message: '{{ amount | money: currency }}' },
      required: [],
      optional: [],
    };
    await renderer.database.query(
      `INSERT INTO template_renderer.templates (tenant, type, channel, locale, version, source, source_hash, compiled)
       VALUES ('own', 'invoice_issued', 'in_app', 'sw', 1, '{}', '', $1), ('own', 'invoice_issued', 'in_app', 'sw', 2, '{}', '', $2)`,
      [
        JSON.stringify(compiled),
        JSON.stringify({ ...compiled, parts: { ...compiled.parts, title: 'Hati {{ invoice_number }}' } }),
      ],
    );
    const recipient = { id: 'parent-17', name: null, locale: 'sw-KE', time_zone: 'Africa/Nairobi' };
    await route('n7', routedTo(['in_app'], { recipient }), 'own');
    await route('n8', routedTo(['in_app'], { recipient }), 'other');
    await until('both are rendered', () => of(inApps, 'n7') && of(inApps, 'n8'));
    expect(of(inApps, 'n7')!.data).toMatchObject({
      title: 'Hati INV-1001',
      message: 'Ksh 12,500.00',
      template: { version: 2, locale: 'sw' },
    });
    expect(of(inApps, 'n8')!.data).toMatchObject({ title: 'Ankara INV-1001', template: { version: 1, locale: 'sw' } });
  });
});

describe('a template that means harm', () => {
  /** Publishes a tenant's words for one type. */
  async function write(tenant: string, type: string, message: string): Promise<void> {
    const compiled = { parts: { title: 'A title', message }, required: [], optional: [] };
    await renderer.database.query(
      `INSERT INTO template_renderer.templates (tenant, type, channel, locale, version, source, source_hash, compiled)
       VALUES ($1, $2, 'in_app', 'en', 1, '{}', '', $3)`,
      [tenant, type, JSON.stringify(compiled)],
    );
  }
  const errorOf = (id: string) =>
    parked.find(({ data }) => unpackedLetter(data).body.includes(`"${id}"`))?.data.error as string | undefined;
  /** Takes longer than the service's own thread may, and comes to its end. */
  const long =
    '{% for i in (1..100) %}{% for j in (1..100) %}{% assign x = i | plus: j %}{% endfor %}{% endfor %}{{ x }}';

  it('is parked alone with the reason, while its batch goes on', async () => {
    await write('enemy', 'loops', '{% for i in (1..990) %}{% for j in (1..990) %}{{ i }}{% endfor %}{% endfor %}');
    await write(
      'enemy',
      'doubles',
      '{% assign a = "xx" %}{% for i in (1..60) %}{% assign a = a | append: a %}{% endfor %}',
    );
    // In one turn, so in one message.
    await Promise.all([
      route('h1', routedTo(['in_app'], { type: 'loops', data: {} }), 'enemy'),
      route('h2', routedTo(['in_app'])),
      route('h3', routedTo(['in_app', 'sms'], { type: 'doubles', data: {} }), 'enemy'),
      route('h4', routedTo(['in_app']), 'enemy'),
    ]);
    await until(
      'all are rendered or parked',
      () => of(inApps, 'h2') && of(inApps, 'h4') && errorOf('h1') && errorOf('h3'),
    );
    expect(errorOf('h1')).toMatch(
      /^loops could not be rendered: in_app \(template loops v1, en\): message: (takes|writes) more than .*; use|write .*line:1/,
    );
    expect(errorOf('h3')).toContain('message: handles more than 1000000 list elements and characters; use shorter');
    // What its other channels say is not held up.
    expect(of(sms, 'h3')).toBeDefined();
    expect([of(inApps, 'h1'), of(inApps, 'h3')]).toEqual([undefined, undefined]);
  }, 60_000);

  it('that takes long is given its words apart, also for a whole fan-out', async () => {
    await write('slow', 'heavy', long);
    await route('h5', routedTo(['in_app', 'sms'], { type: 'heavy', data: {} }), 'slow');
    const inApp = await until('it is rendered', () => of(inApps, 'h5'));
    expect(inApp.data).toMatchObject({ message: '200', template: { key: 'heavy', version: 1 } });
    const { notification_id: _, recipient: __, deliveries: ___, ...shared } = routedTo([], { type: 'heavy', data: {} });
    const to = ['h6', 'h7'].map((id) => ({
      notification_id: id,
      recipient: { id, name: null, locale: 'en', time_zone: 'UTC' },
      deliveries: [{ delivery_id: `${id}-in_app`, channel: 'in_app' as const, address: id }],
    }));
    await renderer.messages.publish(chunkRouted, { ...shared, to }, { tenant: 'slow', id: 'chunk' });
    await until('both are rendered', () => of(inApps, 'h6') && of(inApps, 'h7'));
    expect(of(inApps, 'h7')!.data).toMatchObject({ message: '200', recipient: 'h7' });
  }, 60_000);

  it('that takes all memory ends a worker, not the service', async () => {
    await write('greedy', 'heavy', long);
    await route('h8', routedTo(['in_app'], { type: 'heavy', data: {} }), 'greedy');
    await until('it is rendered', () => of(inApps, 'h8'));
    const list = Array.from({ length: 1_500_000 }, () => []);
    await route('h9', routedTo(['in_app'], { type: 'heavy', data: { list } }), 'greedy');
    await until('it is parked', () => errorOf('h9'));
    expect(errorOf('h9')).toContain('needs more than 64 MB of memory; use shorter lists and texts');
    await route('h10', routedTo(['in_app'], { type: 'heavy', data: {} }), 'greedy');
    await until('the next one is rendered', () => of(inApps, 'h10'));
  }, 60_000);
});
