import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  deadLetter,
  eraseRecipient,
  getRecipient,
  putRecipient,
  putRecipients,
  setPreferences,
  type CloudEvent,
  type RecipientInput,
} from '@carillon/contracts';
import { startTestService, until, type TestService } from '@carillon/testing';
import { service } from '../service.ts';
import { RecipientEvents } from './recipient-events.ts';

const tenant = 'default';

describe('recipients', () => {
  let test: TestService;

  beforeAll(async () => {
    test = await startTestService(service);
  });

  afterAll(() => test.close());

  const put = (id: string, recipient: RecipientInput, of = tenant) =>
    test.messages.call(putRecipient, { tenant: of, id, recipient });
  const get = (id: string, of = tenant) => test.messages.call(getRecipient, { tenant: of, id });
  const putMany = (recipients: unknown[], partial = false) =>
    test.messages.call(putRecipients, { tenant, recipients, partial });
  /** Of the row's last change, so that one that is not written can be told. */
  const version = async (id: string) =>
    (
      await test.database.query('SELECT xmin::text, xmax::text, ctid::text FROM preferences.recipients WHERE id = $1', [
        id,
      ])
    )[0];

  it('are answered as they were saved, new and changed', async () => {
    const first = await put('amina', { name: 'Amina', email: 'Amina@Example.org', tags: ['a'] });
    expect(first).toMatchObject({ created: true, recipient: { email: 'amina@example.org', phone: null, tags: ['a'] } });
    expect(await get('amina')).toEqual(first.recipient);
    const second = await put('amina', { name: 'Amina O.', phone: '+254711000111' });
    expect(second).toMatchObject({ created: false, recipient: { name: 'Amina O.', email: null, tags: [] } });
    expect(second.recipient.created_at).toBe(first.recipient.created_at);
    expect(Date.parse(second.recipient.updated_at)).toBeGreaterThan(Date.parse(first.recipient.updated_at));
    expect(await get('amina')).toEqual(second.recipient);
  });

  it('are not written when nothing changes, and keep what they chose', async () => {
    const { recipient } = await put('bo', { name: 'Bo', email: 'bo@example.org', attributes: { a: { b: 1 }, c: 2 } });
    await test.messages.call(setPreferences, {
      tenant,
      recipient: 'bo',
      mode: 'replace',
      preferences: { channels: { email: false } },
    });
    const before = await version('bo');
    const same: RecipientInput = { email: 'bo@EXAMPLE.org', name: ' Bo ', attributes: { c: 2, a: { b: 1 } } };
    expect(await put('bo', same)).toEqual({ created: false, recipient });
    expect(await putMany([{ id: 'bo', ...same }])).toMatchObject({ created: 0, updated: 0, unchanged: 1 });
    expect(await version('bo')).toEqual(before);
    expect(await putMany([{ id: 'bo', ...same, name: 'Bo B.' }])).toMatchObject({ updated: 1, unchanged: 0 });
    const [{ preferences }] = await test.database.query(
      `SELECT preferences FROM preferences.recipients WHERE id = 'bo'`,
    );
    expect(preferences).toEqual({ channels: { email: false } });
  });

  it('can be put by many at once', async () => {
    const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => put('crowd', { name: `Crowd ${n}` })));
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    answers.forEach(({ recipient }, n) => expect(recipient.name).toBe(`Crowd ${n}`));
    const rows = (order: number) =>
      Array.from({ length: 200 }, (_, n) => ({
        id: `crowd-${order * n + (order < 0 ? 199 : 0)}`,
        name: `${order} ${n}`,
      }));
    const results = await Promise.all([1, -1, 1, -1].map((order) => putMany(rows(order))));
    expect(results.reduce((sum, { created }) => sum + created, 0)).toBe(200);
  });

  describe('many at a time', () => {
    const good = { id: 'good', phone: '0711000111', country: 'KE' };
    const bad = [
      { id: 'bad', phone: '0711000111' },
      'not an object',
      { id: 'x'.repeat(129), locale: 'klingon', colour: 'red' },
      { name: 'Nobody' },
      { id: 'good', name: 'again' },
      { id: 'zones', time_zone: 'Mars/Olympus', locale: 'xx' },
    ];
    const errors = [
      ['recipients[1].phone', 'country code'],
      ['recipients[2]', 'object'],
      ['recipients[3].id', ''],
      ['recipients[3].colour', 'is not a known field; remove it'],
      ['recipients[4].id', ''],
      ['recipients[5].id', 'is the same as in recipients[0]'],
      ['recipients[6].locale', 'the unknown language "xx"'],
      ['recipients[6].time_zone', 'Mars/Olympus'],
    ];
    const expected = errors.map(([path, message]) => ({ path, message: expect.stringContaining(message!) }));

    it('are saved all or not at all, every mistake named by row and field', async () => {
      await expect(putMany([good, ...bad])).rejects.toMatchObject({
        status: 422,
        code: 'invalid_recipients',
        detail: '6 of 7 rows have 8 errors; nothing was saved.',
        errors: expected,
      });
      await expect(get('good')).rejects.toMatchObject({ status: 404 });
    });

    it('are saved as far as they are good, if that is wanted', async () => {
      expect(await putMany([good, ...bad], true)).toEqual({
        created: 1,
        updated: 0,
        unchanged: 0,
        invalid: 6,
        errors: expected,
      });
      expect(await get('good')).toMatchObject({ phone: '+254711000111' });
      expect(await putMany(bad.slice(1, 3), true)).toMatchObject({ created: 0, updated: 0, unchanged: 0, invalid: 2 });
    });

    it('have a hundred mistakes named, and the others counted', async () => {
      const rows = Array.from({ length: 150 }, (_, n) => ({ id: `n${n}`, phone: '0711', locale: 'xx' }));
      const refused = putMany(rows);
      await expect(refused).rejects.toMatchObject({
        detail: '150 of 150 rows have 300 errors, of which the first 100 are named; nothing was saved.',
      });
      await expect(refused).rejects.toHaveProperty('errors.length', 100);
    });
  });

  describe('as events tell of them', () => {
    const take = (type: string, data: unknown, attributes: Partial<CloudEvent> = {}) =>
      test.running.app
        .get(RecipientEvents)
        .take({ specversion: '1.0', id: 'e', source: '/people', type, data, ...attributes });
    const at = (time: string) => ({ time: `2026-11-20T${time}:00Z` });

    it('are known by the types that tell of them', () => {
      const events = test.running.app.get(RecipientEvents);
      const types = [
        'recipient.upserted',
        'recipient.created',
        'recipient.updated',
        'recipient.erased',
        'recipient.deleted',
      ];
      expect(types.filter((type) => events.handles(type))).toEqual(types);
      expect(events.handles('recipient.greeted')).toBe(false);
    });

    it('come, change and leave', async () => {
      await take('recipient.created', { id: 'eva', name: 'Eva' }, { tenant: 'school' });
      expect(await get('eva', 'school')).toMatchObject({ name: 'Eva' });
      await expect(get('eva')).rejects.toMatchObject({ status: 404 });
      await take('recipient.updated', { email: 'eva@example.org' }, { tenant: 'school', subject: 'eva' });
      expect(await get('eva', 'school')).toMatchObject({ name: null, email: 'eva@example.org' });
      await take('recipient.deleted', { id: 'eva' }, { tenant: 'school' });
      await expect(get('eva', 'school')).rejects.toMatchObject({ status: 404 });
    });

    it('are as the latest event says, in whatever order the events come', async () => {
      await take('recipient.upserted', { id: 'finn', name: 'at ten' }, at('10:00'));
      await take('recipient.upserted', { id: 'finn', name: 'at nine' }, at('09:00'));
      expect(await get('finn')).toMatchObject({ name: 'at ten' });
      await Promise.all(
        ['11:00', '13:00', '12:00'].map((time) =>
          take('recipient.upserted', { id: 'finn', name: `at ${time}` }, at(time)),
        ),
      );
      expect(await get('finn')).toMatchObject({ name: 'at 13:00' });
      // The same said again counts as said then: what is older stays away.
      await take('recipient.upserted', { id: 'finn', name: 'at 13:00' }, at('15:00'));
      await take('recipient.upserted', { id: 'finn', name: 'at 14:00' }, at('14:00'));
      expect(await get('finn')).toMatchObject({ name: 'at 13:00' });
    });

    it('are as the last event says where events have no time', async () => {
      await Promise.all(['one', 'two', 'three'].map((name) => take('recipient.upserted', { id: 'gus', name })));
      expect(await get('gus')).toMatchObject({ name: 'three' });
    });

    it('are not changed by what was said before they were put', async () => {
      await put('hana', { name: 'put' });
      await take('recipient.upserted', { id: 'hana', name: 'before' }, at('10:00'));
      expect(await get('hana')).toMatchObject({ name: 'put' });
      await take(
        'recipient.upserted',
        { id: 'hana', name: 'from a clock that is ahead' },
        { time: '2099-01-01T00:00:00Z' },
      );
      expect(await put('hana', { name: 'put again' })).toMatchObject({ recipient: { name: 'put again' } });
    });

    it('do not come back by what was said before they left', async () => {
      await take('recipient.upserted', { id: 'ivo', name: 'Ivo' }, at('10:00'));
      await test.messages.call(eraseRecipient, { tenant, recipient: 'ivo' });
      await take('recipient.upserted', { id: 'ivo', name: 'late' }, at('11:00'));
      await expect(get('ivo')).rejects.toMatchObject({ status: 404 });
      await take('recipient.created', { id: 'ivo', name: 'anew' });
      expect(await get('ivo')).toMatchObject({ name: 'anew' });
    });

    it('come and leave in the order of a burst', async () => {
      await Promise.all([
        take('recipient.created', { id: 'jo', name: 'Jo' }),
        take('recipient.deleted', { id: 'jo' }),
        take('recipient.deleted', { id: 'kim' }),
        take('recipient.created', { id: 'kim', name: 'Kim' }),
      ]);
      await expect(get('jo')).rejects.toMatchObject({ status: 404 });
      expect(await get('kim')).toMatchObject({ name: 'Kim' });
    });

    it('come through RabbitMQ, as CloudEvents or plain JSON, and are parked where something is wrong', async () => {
      const parked = await test.broker.capture(deadLetter);
      test.broker.publish('events', 'recipient.created', { id: 'nia', phone: '+254711000999' });
      test.broker.publish('events', 'anything', {
        specversion: '1.0',
        id: 'r1',
        source: '/people',
        type: 'recipient.upserted',
        subject: 'oda',
        tenant: 'school',
        data: { name: 'Oda' },
      });
      test.broker.publish('events', 'recipient.updated', { id: 'pim', locale: 'klingon' });
      expect(
        await until('both are known', () => Promise.all([get('nia'), get('oda', 'school')]).catch(() => false)),
      ).toMatchObject([{ phone: '+254711000999' }, { name: 'Oda' }]);
      const [letter] = await until('the wrong one is parked', () => parked.length > 0 && parked);
      expect(letter!.data.error).toContain('data.locale: "klingon" names the unknown language');
      expect(parked).toHaveLength(1);
    });

    it('are left alone by an event that is wrong', async () => {
      const wrong = take('recipient.upserted', { id: 'lena', phone: '0711' });
      const right = take('recipient.upserted', { id: 'max', name: 'Max' });
      await expect(wrong).rejects.toMatchObject({ status: 422, errors: [{ path: 'data.phone' }] });
      await right;
      expect(await get('max')).toMatchObject({ name: 'Max' });
      await expect(get('lena')).rejects.toMatchObject({ status: 404 });
    });
  });
});
