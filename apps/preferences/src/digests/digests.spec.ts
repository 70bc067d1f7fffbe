import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  deadLetter,
  digestDue,
  digestItem,
  digestsWoken,
  freshId,
  getDecision,
  notificationRouted,
  putCatalog,
  putRecipient,
  setPreferences,
  timersWoken,
  timerSet,
  type ChannelDecision,
  type CloudEvent,
  type DigestItem,
  type DigestsWoken,
  type NotificationDeferred,
  type NotificationRouted,
  type Preferences,
  type TimerSet,
} from '@carillon/contracts';
import { startTestService, until, type TestService } from '@carillon/testing';
import { service } from '../service.ts';

const tenant = 'studio';
const minute = 60_000;

const types = {
  lesson_moved: { category: 'lessons', channels: ['email'], frequency: 'daily' },
  homework_set: { category: 'lessons', channels: ['email'], frequency: 'daily' },
  fees_due: {
    category: 'fees',
    channels: ['email'],
    frequency: 'weekly',
    digest: { scope: 'category', unread_only: true },
  },
  news: { category: 'lessons', channels: ['in_app'], frequency: 'daily', digest: { in_app: true } },
  comment_added: {
    category: 'activity',
    channels: ['in_app', 'email'],
    batch: {
      key: 'data.video',
      window: '10m',
      max: 20,
      mode: 'sliding',
      max_wait: '30m',
      channels: ['in_app', 'email'],
    },
  },
};

describe('what waits for others', () => {
  let test: TestService;
  let routed: CloudEvent<NotificationRouted>[];
  let items: CloudEvent<DigestItem>[];
  let timers: CloudEvent<TimerSet>[];
  let woken: CloudEvent<DigestsWoken>[];
  let zones: CloudEvent[];
  let dead: CloudEvent<{ error: string }>[];
  let events = 0;
  let people = 0;

  beforeAll(async () => {
    test = await startTestService(service);
    routed = await test.broker.capture(notificationRouted);
    items = await test.broker.capture(digestItem);
    timers = await test.broker.capture(timerSet);
    woken = await test.broker.capture(digestsWoken);
    zones = await test.broker.capture(timersWoken);
    dead = (await test.broker.capture(deadLetter)) as never;
    await apply();
  });
  afterAll(() => test.close());

  const apply = (changes: object = {}) =>
    test.messages.call(putCatalog, {
      tenant,
      document: { categories: { lessons: { name: 'Lessons' }, fees: {} }, types: { ...types, ...changes } },
      text: '{}',
      format: 'json',
      dry_run: false,
      applied_by: 'test',
    });
  const someone = async (time_zone = 'Africa/Nairobi'): Promise<string> => {
    const id = `person-${(people += 1)}`;
    await test.messages.call(putRecipient, {
      tenant,
      id,
      recipient: { name: id, email: `${id}@example.org`, time_zone },
    });
    return id;
  };
  const choose = (recipient: string, preferences: Preferences) =>
    test.messages.call(setPreferences, { tenant, recipient, mode: 'merge', preferences });
  const publish = (type: string, data: object, more: object = {}): void => {
    const id = `event-${(events += 1)}`;
    test.broker.publish('events', type, {
      specversion: '1.0',
      id,
      source: '/studio',
      type: 'carillon.event.requested.v1',
      tenant,
      time: new Date().toISOString(),
      data: { type, ...data, ...more },
    });
  };
  const routedTo = (recipient: string) =>
    routed.map(({ data }) => data).filter((one) => one.recipient.id === recipient);
  const decisionOf = async (notification_id: string, channel = 'email'): Promise<ChannelDecision> => {
    const { channels } = await test.messages.call(getDecision, { tenant, notification_id });
    return channels.find((ruling) => ruling.channel === channel)!;
  };

  /** What the renderer makes of notifications that wait for a digest. */
  async function waiting(recipient: string, ...wanted: string[]): Promise<DigestItem[]> {
    const of: DigestItem[] = [];
    for (const type of wanted) {
      const before = routedTo(recipient).length;
      publish(type, { recipients: [recipient], data: {} });
      const one = await until('it is routed', () => routedTo(recipient)[before]);
      const { notification_id, event, category, priority, created_at } = one;
      const words = { title: `About ${type}`, message: 'x', link: null };
      of.push({ ...one.digests![0]!, notification_id, recipient, event, type, category, priority, created_at, words });
    }
    return of;
  }
  /** A window of the scheduler closes. */
  function close(of: readonly DigestItem[], more: object = {}, id = freshId()): CloudEvent {
    const [{ recipient, channel, window }] = of as [DigestItem];
    const message = {
      specversion: '1.0' as const,
      id,
      source: '/carillon/test/digests',
      type: digestDue.type,
      time: new Date().toISOString(),
      tenant,
      timer: id,
      data: { window_id: id, kind: window.kind, recipient, channel, items: of, ...more },
    };
    test.broker.publish('events', digestDue.key, message);
    return message;
  }
  const again = (message: CloudEvent) => test.broker.publish('events', digestDue.key, message);
  const digestsTo = (recipient: string) => routedTo(recipient).filter(({ type }) => type === 'digest');
  /** What was published before has been dealt with once somebody else's notification is routed. */
  async function settled(): Promise<void> {
    const other = await someone();
    publish('welcome', { recipients: [other], data: {} });
    await until('all that came before', () => routedTo(other).length === 1);
  }

  it('goes to the renderer with its window, and comes as one digest by category', async () => {
    const amina = await someone();
    await choose(amina, { digest: { hour: 18 } });
    const of = await waiting(amina, 'lesson_moved', 'homework_set');
    expect(routedTo(amina)[0]!.deliveries).toEqual([]);
    expect(of[0]).toMatchObject({
      channel: 'email',
      requested: false,
      window: { kind: 'digest', frequency: 'daily', hour: 18, time_zone: 'Africa/Nairobi' },
    });
    expect(await decisionOf(of[0]!.notification_id)).toMatchObject({ outcome: 'digest', until: of[0]!.until });

    const due = close([...of, { ...of[0]!, category: 'billing', notification_id: freshId() }]);
    const [digest] = await until('the digest', () => digestsTo(amina).length === 1 && digestsTo(amina));
    expect(digest).toMatchObject({
      type: 'digest',
      category: 'digest',
      data: {
        frequency: 'daily',
        title: 'About lesson_moved',
        count: 3,
        groups: [
          { category: 'lessons', name: 'Lessons', count: 2, more: 0 },
          { category: 'billing', name: 'Billing', count: 1, more: 0 },
        ],
      },
    });
    expect(digest!.deliveries).toMatchObject([{ channel: 'email', address: `${amina}@example.org` }]);
    again(due);
    await until('it is told again', () => digestsTo(amina).length === 2);
    expect(digestsTo(amina)[1]).toEqual(digest);
  });

  it('is decided again when it is due: what was switched off since is dropped, which its own decision says', async () => {
    const ben = await someone();
    const [moved, homework] = await waiting(ben, 'lesson_moved', 'homework_set');
    await choose(ben, { types: { lesson_moved: { email: false } } });
    close([moved!, homework!]);
    const [digest] = await until('the digest', () => digestsTo(ben).length === 1 && digestsTo(ben));
    expect(digest!.data.count).toBe(1);
    expect(await decisionOf(moved!.notification_id)).toMatchObject({ outcome: 'drop', rule: 'type_preference' });
    expect(await decisionOf(homework!.notification_id)).toMatchObject({ outcome: 'digest' });

    await choose(ben, { categories: { lessons: { email: false } } });
    close([{ ...homework! }]);
    await settled();
    expect(digestsTo(ben)).toHaveLength(1);
  });

  it('does not come as a digest where digests are switched off, which the digest’s decision says', async () => {
    const cora = await someone();
    const of = await waiting(cora, 'lesson_moved');
    await choose(cora, { categories: { digest: { email: false } } });
    close(of);
    await settled();
    expect(digestsTo(cora)).toEqual([]);
    expect(await decisionOf(of[0]!.notification_id)).toMatchObject({ outcome: 'digest' });
  });

  it('waits for the end of quiet hours like anything else', async () => {
    const dan = await someone('UTC');
    const of = await waiting(dan, 'lesson_moved');
    const clock = (offset: number) => new Date(Date.now() + offset).toISOString().slice(11, 16);
    await choose(dan, { quiet_hours: { start: clock(-60 * minute), end: clock(60 * minute) } });
    close(of);
    const timer = await until('the timer', () =>
      timers.find(({ data }) => (data.message.data as NotificationDeferred).recipient === dan),
    );
    expect((timer.data.message.data as NotificationDeferred).request).toMatchObject({ type: 'digest' });
  });

  it('of a category by itself belongs to it, and may leave out what was read', async () => {
    const eli = await someone();
    const of = await waiting(eli, 'fees_due');
    expect(of[0]).toMatchObject({ window: { frequency: 'weekly', category: 'fees' }, unless_read: true });
    close(of);
    const [digest] = await until('the digest', () => digestsTo(eli).length === 1 && digestsTo(eli));
    expect(digest!.category).toBe('fees');
  });

  it('waits in the inbox too where the type says so', async () => {
    const flo = await someone();
    const of = await waiting(flo, 'news');
    expect(of[0]!.channel).toBe('in_app');
    close(of);
    const [digest] = await until('the digest', () => digestsTo(flo).length === 1 && digestsTo(flo));
    expect(digest!.deliveries).toMatchObject([{ channel: 'in_app', address: flo }]);
  });

  it('of a type that has gone from the catalog is dropped', async () => {
    const gus = await someone();
    await apply({ short_lived: { category: 'lessons', channels: ['email'], frequency: 'daily' } });
    const of = await waiting(gus, 'short_lived', 'homework_set');
    await apply();
    close(of);
    const [digest] = await until('the digest', () => digestsTo(gus).length === 1 && digestsTo(gus));
    expect(digest!.data.count).toBe(1);
    expect(await decisionOf(of[0]!.notification_id)).toMatchObject({
      outcome: 'drop',
      reason: 'short_lived is not in the catalog any more',
    });
  });

  describe('and whose recipient chooses otherwise', () => {
    const itemsOf = (recipient: string) => items.map(({ data }) => data).filter((one) => one.recipient === recipient);

    it('is told to the scheduler, other zones to timers too', async () => {
      const hal = await someone();
      await choose(hal, { digest: { hour: 9 } });
      await until('it is told', () => woken.some(({ data }) => data.recipient === hal));
      expect(zones.filter(({ data }) => (data as { recipient: string }).recipient === hal)).toEqual([]);
      await test.messages.call(putRecipient, {
        tenant,
        id: hal,
        recipient: { name: hal, email: `${hal}@example.org`, time_zone: 'Asia/Tokyo' },
      });
      await until('timers are told', () => zones.some(({ data }) => (data as { recipient: string }).recipient === hal));
      await until('digests are told', () => woken.filter(({ data }) => data.recipient === hal).length === 2);
    });

    it('waits for its new hour, once, though the window is told of again after another change', async () => {
      const ida = await someone();
      const of = await waiting(ida, 'lesson_moved');
      await choose(ida, { digest: { hour: 21 } });
      const due = close(of, { woken: { by: 'a change' } });
      const [anew] = await until('it waits anew', () => itemsOf(ida).length === 1 && itemsOf(ida));
      expect(anew).toMatchObject({ from: due.id, window: { hour: 21 }, words: of[0]!.words });
      expect(await decisionOf(of[0]!.notification_id)).toMatchObject({ outcome: 'digest', until: anew!.until });

      await choose(ida, { frequency: 'immediate' });
      again(due);
      await until('it waits still', () => itemsOf(ida).length === 2);
      expect(itemsOf(ida)[1]).toMatchObject({
        notification_id: anew!.notification_id,
        from: due.id,
        until: anew!.until,
      });
      expect(digestsTo(ida)).toEqual([]);
    });

    it('comes at once, is dropped, or waits on, each as it is wanted now', async () => {
      const jo = await someone();
      const of = await waiting(jo, 'lesson_moved', 'homework_set', 'lesson_moved');
      const later = new Date(Date.now() + 60 * minute).toISOString();
      await choose(jo, { types: { lesson_moved: { frequency: 'immediate' }, homework_set: { muted_until: later } } });
      close(of, { woken: { by: 'a change' } });
      const [digest] = await until('the digest', () => digestsTo(jo).length === 1 && digestsTo(jo));
      expect(digest!.data).toMatchObject({ count: 2 });
      expect(itemsOf(jo)).toEqual([]);
      expect(await decisionOf(of[1]!.notification_id)).toMatchObject({ outcome: 'drop', rule: 'muted' });
      expect(await decisionOf(of[0]!.notification_id)).toMatchObject({
        outcome: 'digest',
        reason: `it waited for a digest that comes now, since ${jo} chose otherwise`,
      });
    });
  });

  describe('of its kind', () => {
    /** Comments on a video that wait for each other. */
    async function comments(recipient: string, video: string, count: number, more: object = {}): Promise<DigestItem[]> {
      const mine = () => items.map(({ data }) => data).filter((one) => one.recipient === recipient);
      const before = mine().length;
      for (let n = 0; n < count; n += 1) {
        publish(
          'comment_added',
          { recipients: [recipient], data: { video, text: `${n}` }, actor: { name: `A${n}` } },
          more,
        );
        await until('it waits', () => mine().length === before + n + 1);
      }
      return mine().slice(before);
    }

    it('waits for similar ones; the last one stands for all, with what the others say', async () => {
      const kit = await someone();
      const of = await comments(kit, 'recital', 3);
      expect(of[0]).toMatchObject({
        channel: 'email',
        window: {
          kind: 'batch',
          type: 'comment_added',
          key: 'recital',
          mode: 'sliding',
          window_ms: 10 * minute,
          max_wait_ms: 30 * minute,
          max_count: 20,
        },
      });
      const inboxed = routedTo(kit);
      expect(inboxed.map(({ deliveries }) => deliveries.map(({ channel }) => channel))).toEqual([
        ['in_app'],
        ['in_app'],
        ['in_app'],
      ]);
      const due = close(of);
      const sent = () =>
        routedTo(kit).filter(({ deliveries }) => deliveries.some(({ channel }) => channel === 'email'));
      const [one] = await until('it is sent', () => sent().length === 1 && sent());
      expect(one!.notification_id).toBe(of[2]!.notification_id);
      expect(one!.grouped).toMatchObject({
        count: 3,
        items: [0, 1, 2].map((n) => ({ data: { text: `${n}` }, actor: { name: `A${n}` } })),
      });
      expect(await decisionOf(of[2]!.notification_id)).toMatchObject({ outcome: 'send', rule: 'catalog_default' });
      expect(await decisionOf(of[0]!.notification_id)).toMatchObject({ outcome: 'batch', rule: 'batch' });
      again(due);
      await until('it is told again', () => sent().length === 2);
      expect(sent()[1]).toEqual(one);
    });

    it('alone is the ordinary notification', async () => {
      const lou = await someone();
      const of = await comments(lou, 'recital', 1);
      close(of);
      const sent = () =>
        routedTo(lou).filter(({ deliveries }) => deliveries.some(({ channel }) => channel === 'email'));
      const [one] = await until('it is sent', () => sent().length === 1 && sent());
      expect(one!.grouped).toBeUndefined();
    });

    it('is dropped where it is not wanted any more; one before it stands for the others', async () => {
      const mia = await someone();
      const soon = new Date(Date.now() + 15 * minute).toISOString();
      const [first, second] = [
        ...(await comments(mia, 'recital', 1)),
        ...(await comments(mia, 'recital', 1, { expires_at: soon })),
      ];
      const past = new Date(Date.now() - 1000).toISOString();
      const request = { ...second!.request!, expires_at: past };
      close([first!, { ...second!, request }]);
      const sent = () =>
        routedTo(mia).filter(({ deliveries }) => deliveries.some(({ channel }) => channel === 'email'));
      const [one] = await until('it is sent', () => sent().length === 1 && sent());
      expect(one!.notification_id).toBe(first!.notification_id);
      expect(await decisionOf(second!.notification_id)).toMatchObject({ outcome: 'drop', rule: 'expired' });

      const off = await comments(mia, 'rehearsal', 2);
      await choose(mia, { channels: { email: false } });
      close(off);
      await settled();
      expect(sent()).toHaveLength(1);
      for (const { notification_id } of off)
        expect(await decisionOf(notification_id)).toMatchObject({ outcome: 'drop', rule: 'channel_preference' });
    });

    it('that quiet hours hold back stands for the others afterwards, too', async () => {
      const ned = await someone('UTC');
      const of = await comments(ned, 'recital', 2);
      const clock = (offset: number) => new Date(Date.now() + offset).toISOString().slice(11, 16);
      await choose(ned, { quiet_hours: { start: clock(-60 * minute), end: clock(60 * minute) } });
      close(of);
      const timer = await until('the timer', () =>
        timers.find(({ data }) => (data.message.data as NotificationDeferred).recipient === ned),
      );
      await choose(ned, { quiet_hours: null });
      const { message, routing_key, timer_id } = timer.data;
      test.broker.publish('events', routing_key, { ...message, timer: timer_id });
      const sent = () =>
        routedTo(ned).filter(({ deliveries }) => deliveries.some(({ channel }) => channel === 'email'));
      const [one] = await until('it is sent', () => sent().length === 1 && sent());
      expect(one!.grouped!.count).toBe(2);
    });
  });

  it('parks what is no window, and nothing else was parked', async () => {
    expect(dead.map(({ data }) => data.error)).toEqual([]);
    test.broker.publish('events', digestDue.key, {
      specversion: '1.0',
      id: 'odd',
      source: '/x',
      type: digestDue.type,
      tenant,
      data: { items: [] },
    });
    const [letter] = await until('the dead letter', () => dead.length === 1 && dead);
    expect(letter!.data.error).toContain('not a valid carillon.digest.due.v1');
  });
});
