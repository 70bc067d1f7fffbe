import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { deliveryId, eventId, firstIdAt, freshId, notificationId, timeOfId, uuidv8 } from './ids.ts';
import { uuidSchema } from './words.ts';

const time = fc.integer({ min: 0, max: 2 ** 48 - 1 });
const parts = fc.array(fc.string({ unit: 'binary' }), { maxLength: 5 });

describe('ids', () => {
  it('are UUIDs of version 8 and the RFC 9562 variant that begin with their time', () => {
    fc.assert(
      fc.property(time, parts, (ms, words) => {
        const id = uuidv8(ms, ...words);
        expect(id).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(uuidSchema.safeParse(id).success).toBe(true);
        expect(timeOfId(id)).toBe(ms);
      }),
    );
  });

  it('sort by time, whatever they are made of', () => {
    fc.assert(
      fc.property(time, time, parts, parts, (one, other, ofOne, ofOther) => {
        fc.pre(one < other);
        expect(uuidv8(one, ...ofOne) < uuidv8(other, ...ofOther)).toBe(true);
      }),
    );
  });

  it('are the same for the same time and parts, and stay so from release to release', () => {
    fc.assert(fc.property(time, parts, (ms, words) => expect(uuidv8(ms, ...words)).toBe(uuidv8(ms, ...words))));
    // Rows written by an earlier release are found again only as long as these never change.
    const event = eventId(1_795_253_400_000, 'school', '/finance', 'invoice-1');
    const notification = notificationId(event, 'invoice_issued', 'parent-17');
    expect([event, notification, deliveryId(notification, 'email', 'amina@example.org')]).toMatchInlineSnapshot(`
     [
       "01a1fd70-f1c0-85b9-bc1e-2f5d30d383e5",
       "01a1fd70-f1c0-81f1-8520-7e68e2e4894c",
       "01a1fd70-f1c0-8cbd-9fc3-ebd159550f7d",
     ]
    `);
  });

  it('differ when any part differs, and by where one part ends and the next begins', () => {
    fc.assert(
      fc.property(time, parts, parts, (ms, one, other) => {
        fc.pre(JSON.stringify(one) !== JSON.stringify(other));
        expect(uuidv8(ms, ...one)).not.toBe(uuidv8(ms, ...other));
      }),
    );
    const splits = [['ab', 'c'], ['a', 'bc'], ['abc'], ['abc', ''], ['', 'abc'], ['1:a', 'bc'], ['a1:b', 'c'], []];
    expect(new Set(splits.map((words) => uuidv8(0, ...words))).size).toBe(splits.length);
  });

  it('of notifications and deliveries keep the time of their event', () => {
    const event = eventId(123_456_789, 'school', '/finance', '1');
    const notification = notificationId(event, 'welcome', 'parent-1');
    const delivery = deliveryId(notification, 'email', 'a@example.org');
    expect([event, notification, delivery].map(timeOfId)).toEqual([123_456_789, 123_456_789, 123_456_789]);
  });

  it('of the same event in two tenants or from two sources are different', () => {
    const ids = [
      eventId(1, 'school', '/finance', '1'),
      eventId(1, 'shop', '/finance', '1'),
      eventId(1, 'school', '/sales', '1'),
      eventId(1, 'school', '/finance', '2'),
      eventId(2, 'school', '/finance', '1'),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });

  it('without a natural identity are fresh every time', () => {
    expect(new Set(Array.from({ length: 1000 }, () => freshId(42))).size).toBe(1000);
    expect(timeOfId(freshId(42))).toBe(42);
  });

  it('have a first one of every time, also after the last that they can have', () => {
    fc.assert(
      fc.property(time, parts, (ms, words) => {
        expect(firstIdAt(ms) < uuidv8(ms, ...words)).toBe(true);
        expect(uuidSchema.safeParse(firstIdAt(ms + 1)).success).toBe(true);
      }),
    );
    expect(firstIdAt(2 ** 48)).toBe('ffffffff-ffff-0000-0000-000000000000');
  });

  it.each([-1, 0.5, 2 ** 48, Number.NaN, Number.POSITIVE_INFINITY])('refuse the time %p', (ms) => {
    expect(() => uuidv8(ms)).toThrow(RangeError);
  });
});
