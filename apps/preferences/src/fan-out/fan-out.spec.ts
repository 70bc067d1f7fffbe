import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  chunkRouted,
  deadLetter,
  eventRequested,
  getEvent,
  putRecipient,
  routedOfChunk,
  timerSet,
  type Audience,
  type ChunkRouted,
  type CloudEvent,
  type DeadLetter,
  type EventRequest,
} from '@carillon/contracts';
import { TenantStandings } from '@carillon/service';
import { startTestService, until, type TestService } from '@carillon/testing';
import { service } from '../service.ts';
import { AudienceMembers } from './audience-members.ts';
import { FanOutStore } from './fan-out-store.ts';

describe('an event to an audience', () => {
  let test: TestService;
  let chunks: CloudEvent<ChunkRouted>[];
  let parked: CloudEvent<DeadLetter>[];

  beforeAll(async () => {
    test = await startTestService(service);
    chunks = await test.broker.capture(chunkRouted);
    parked = await test.broker.capture(deadLetter);
  });
  afterAll(() => test.close());

  let count = 0;
  const ask = (tenant: string, audience: Audience, more: Partial<EventRequest> = {}) => {
    const id = `broadcast-${(count += 1)}`;
    test.broker.publish('events', eventRequested.key, {
      specversion: '1.0',
      id,
      source: '/test',
      type: eventRequested.type,
      tenant,
      data: { type: 'system_update', audience, data: { title: 'News', message: id }, ...more },
    });
    return id;
  };
  /** The notifications of all chunks, as if each travelled alone. */
  const of = (name: string) =>
    chunks
      .filter(({ data }) => data.data.message === name)
      .flatMap((event) => event.data.to.map((own) => ({ ...event, data: routedOfChunk(event.data, own) })));
  const person = (tenant: string, id: string, recipient: object = {}) =>
    test.messages.call(putRecipient, { tenant, id, recipient: { name: id, ...recipient } });
  const finished = (name: string) =>
    until('the fan-out is finished', async () => {
      const eventId = of(name)[0]?.data.event.id;
      if (eventId === undefined) return false;
      const progress = await test.messages.call(getEvent, { tenant: of(name)[0]!.tenant!, id: eventId });
      return progress.status === 'decided' && progress;
    });

  it('reaches everyone of the tenant once, chunk after chunk, in a lane behind what people wait for', async () => {
    await test.database.query(
      `INSERT INTO preferences.recipients (tenant, id, name, locale, time_zone, roles, tags, attributes, contacts)
       SELECT 'many', 'person-' || i, 'Person', 'en', 'UTC', '{}', '{}', '{}', '[]' FROM generate_series(1, 1200) i`,
    );
    const name = ask('many', { all: true });
    const progress = await finished(name);
    await until('all are routed', () => of(name).length >= 1200);
    expect(new Set(of(name).map(({ data }) => data.recipient.id)).size).toBe(1200);
    expect(of(name)).toHaveLength(1200);
    expect(new Set(of(name).map(({ data }) => data.lane))).toEqual(new Set(['bulk']));
    expect(progress).toMatchObject({ notifications: 1200, deliveries: { in_app: 1200 }, error: null });
  });

  it('reaches those with a role, or with a tag, and nobody of another tenant', async () => {
    await person('school', 'amina', { roles: ['parent', 'admin'], tags: ['grade-3'] });
    await person('school', 'bo', { roles: ['parent'] });
    await person('school', 'chi', { tags: ['grade-3'] });
    await person('shop', 'dan', { roles: ['parent'], tags: ['grade-3'] });
    const byRole = ask('school', { role: 'parent' });
    const byTag = ask('school', { tag: 'grade-3' });
    await Promise.all([finished(byRole), finished(byTag)]);
    const whom = (name: string) =>
      of(name)
        .map(({ data }) => data.recipient.id)
        .sort();
    expect(whom(byRole)).toEqual(['amina', 'bo']);
    expect(whom(byTag)).toEqual(['amina', 'chi']);
  });

  it('obeys each recipient’s own preferences', async () => {
    await person('choosy', 'yes');
    await person('choosy', 'no');
    await test.database.query(
      `UPDATE preferences.recipients SET preferences = '{"types": {"system_update": {"in_app": false}}}'
       WHERE tenant = 'choosy' AND id = 'no'`,
    );
    const name = ask('choosy', { all: true });
    const progress = await finished(name);
    expect(of(name).map(({ data }) => data.recipient.id)).toEqual(['yes']);
    expect(progress).toMatchObject({ notifications: 2, deliveries: { in_app: 1 } });
  });

  it('waits for each recipient’s own quiet hours, and brings the others their words at once', async () => {
    const timers = await test.broker.capture(timerSet);
    await person('night', 'awake', { email: 'awake@example.org' });
    await person('night', 'asleep', { email: 'asleep@example.org' });
    const [from, to] = [-60, 60].map((minutes) => new Date(Date.now() + minutes * 60_000).toISOString().slice(11, 16));
    await test.database.query(
      `UPDATE preferences.recipients SET preferences = $1 WHERE tenant = 'night' AND id = 'asleep'`,
      [{ quiet_hours: { start: from, end: to, time_zone: 'UTC' } }],
    );
    const name = ask('night', { all: true }, { channels: ['in_app', 'email'] });
    await finished(name);
    const channels = of(name).map(({ data }) => [
      data.recipient.id,
      ...data.deliveries.map(({ channel }) => channel as string).sort(),
    ]);
    expect(channels.sort()).toEqual([
      ['asleep', 'in_app'],
      ['awake', 'email', 'in_app'],
    ]);
    await until('the other waits', () => timers.some(({ data }) => (data.message.data as any).recipient === 'asleep'));
    expect(timers).toHaveLength(1);
  });

  it('waits for each recipient’s own digest', async () => {
    await person('weekly', 'at-once', { email: 'at-once@example.org' });
    await person('weekly', 'mondays', { email: 'mondays@example.org' });
    await test.database.query(
      `UPDATE preferences.recipients SET preferences = '{"frequency": "weekly"}' WHERE tenant = 'weekly' AND id = 'mondays'`,
    );
    const name = ask('weekly', { all: true }, { channels: ['email'] });
    await finished(name);
    const found = of(name).map(({ data }) => [
      data.recipient.id,
      data.deliveries.length,
      data.digests?.[0]?.window.kind,
    ]);
    expect(found.sort()).toEqual([
      ['at-once', 1, undefined],
      ['mondays', 0, 'digest'],
    ]);
  });

  it('waits at the next chunk while its tenant is suspended, and goes on from there', async () => {
    await test.database.query(
      `INSERT INTO preferences.recipients (tenant, id, name, locale, time_zone, roles, tags, attributes, contacts)
       SELECT 'held', 'person-' || i, 'Person', 'en', 'UTC', '{}', '{}', '{}', '[]' FROM generate_series(1, 1200) i`,
    );
    const { app } = test.running;
    const [members, standings] = [app.get(AudienceMembers), app.get(TenantStandings)];
    const after = members.after.bind(members);
    let chunksRead = 0;
    // Somebody suspends it while the first chunk is read.
    members.after = async (tenant, ...rest) => {
      const found = await after(tenant, ...rest);
      if (tenant === 'held' && (chunksRead += 1) === 1) await standings.put('held', 'suspended');
      return found;
    };
    const rows = () =>
      test.database.query<{ done: boolean; free: boolean; cursor: string; last: string }>(
        `SELECT finished_at IS NOT NULL AS done, claim IS NULL AS free, cursor,
           (SELECT id FROM preferences.recipients WHERE tenant = 'held' ORDER BY id OFFSET 499 LIMIT 1) AS last
         FROM preferences.fan_outs WHERE tenant = 'held'`,
      );
    try {
      const name = ask('held', { all: true });
      const [held] = await until('it waits after its first chunk', async () => {
        const found = await rows();
        return found[0]?.cursor && found[0].free && found;
      });
      expect([held!.done, held!.cursor]).toEqual([false, held!.last]);
      expect(await app.get(FanOutStore).claim()).toBeUndefined();
      await until('the chunk is there', () => of(name).length === 500);
      expect(chunksRead).toBe(1);
      await standings.put('held', 'active');
      await finished(name);
      await until('all are routed', () => of(name).length >= 1200);
      expect(new Set(of(name).map(({ data }) => data.recipient.id)).size).toBe(1200);
      expect([of(name).length, chunksRead]).toEqual([1200, 3]);
    } finally {
      members.after = after;
    }
  });

  it('changes nothing when it comes twice', async () => {
    await person('twice', 'amina');
    const name = ask('twice', { all: true });
    await finished(name);
    count -= 1;
    ask('twice', { all: true });
    const last = ask('twice', { all: true });
    await finished(last);
    expect(of(name)).toHaveLength(1);
  });

  it('to nobody is decided at once', async () => {
    ask('empty', { role: 'nobody' });
    await until('it is finished', async () => {
      const rows = await test.database.query(
        `SELECT 1 FROM preferences.fan_outs WHERE tenant = 'empty' AND finished_at IS NOT NULL`,
      );
      return rows.length === 1;
    });
  });

  it('and to recipients as well is parked with the reason', async () => {
    const name = ask('school', { all: true }, { recipients: ['amina'] });
    const letter = await until('it is parked', () => parked.find(({ data }) => data.body.includes(name)));
    expect(letter.data.error).toContain('name either recipients or an audience');
  });
});
