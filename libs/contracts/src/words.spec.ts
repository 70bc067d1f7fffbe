import { describe, expect, it } from '@jest/globals';
import {
  eventTypeSchema,
  audienceLaneOf,
  laneOf,
  lanes,
  linkSchema,
  priorities,
  recipientIdSchema,
  tenantSchema,
  timestampSchema,
} from './words.ts';

const accepts = (schema: { safeParse(input: unknown): { success: boolean } }, input: unknown) =>
  schema.safeParse(input).success;

describe('lanes', () => {
  it('separate what is pressing from what can wait', () => {
    expect(Object.fromEntries(priorities.map((priority) => [priority, laneOf(priority)]))).toEqual({
      low: 'bulk',
      normal: 'normal',
      high: 'urgent',
      urgent: 'urgent',
    });
  });

  it('are one slower for what goes to an audience, so that no broadcast is before what people wait for', () => {
    expect(Object.fromEntries(priorities.map((priority) => [priority, audienceLaneOf(priority)]))).toEqual({
      low: 'bulk',
      normal: 'bulk',
      high: 'normal',
      urgent: 'normal',
    });
  });

  it('all carry something, and every priority travels in one of them', () => {
    expect(new Set(priorities.map(laneOf))).toEqual(new Set(lanes));
  });
});

describe('words from outside', () => {
  it.each(['default', 'a', '7-eleven', 'school_1', 'x'.repeat(63)])('take %s as a tenant', (tenant) => {
    expect(accepts(tenantSchema, tenant)).toBe(true);
  });
  it.each(['', 'School', '-a', '_a', 'a b', 'a.b', "a'b", 'é', 'x'.repeat(64)])('refuse %p as a tenant', (tenant) => {
    expect(accepts(tenantSchema, tenant)).toBe(false);
  });

  it('take any id of a recipient that a domain may have, within bounds', () => {
    for (const id of ['17', 'parent-17', 'amina@example.org', 'user:42/…', '用户', 'x'.repeat(128)])
      expect([id, accepts(recipientIdSchema, id)]).toEqual([id, true]);
    for (const id of ['', 'a\nb', 'a\u0000', '\u007f', 'x'.repeat(129), 17, null])
      expect([id, accepts(recipientIdSchema, id)]).toEqual([id, false]);
  });

  it('take catalog keys and domain event types as a type, and nothing that a routing key or path could misread', () => {
    for (const type of ['invoice_issued', 'invoice.issued', 'order-2.paid.v1', '2fa'])
      expect([type, accepts(eventTypeSchema, type)]).toEqual([type, true]);
    for (const type of ['', '.a', 'a b', 'a/b', 'a#', 'a*', 'x'.repeat(129)])
      expect([type, accepts(eventTypeSchema, type)]).toEqual([type, false]);
  });

  it('take only links that cannot run script or leave the site unseen', () => {
    for (const link of ['https://example.org/a', 'http://example.org', 'mailto:a@example.org', '/invoices/1', '/'])
      expect([link, accepts(linkSchema, link)]).toEqual([link, true]);
    for (const link of ['javascript:alert(1)', 'data:text/html,x', '//evil.example', 'invoices/1', '', ' https://a.b'])
      expect([link, accepts(linkSchema, link)]).toEqual([link, false]);
  });

  it('take times only with a zone', () => {
    for (const time of ['2026-11-21T09:30:00Z', '2026-11-21T12:30:00+03:00', '2026-11-21T09:30:00.123Z'])
      expect([time, accepts(timestampSchema, time)]).toEqual([time, true]);
    for (const time of ['2026-11-21', '2026-11-21T09:30:00', '2026-02-30T00:00:00Z', 'tomorrow', 1_795_253_400])
      expect([time, accepts(timestampSchema, time)]).toEqual([time, false]);
  });

  it('take only times that PostgreSQL and UTC can write', () => {
    for (const time of ['0001-01-01T00:00:00Z', '9999-12-31T23:59:59Z', '2026-11-21T09:30:00+14:00'])
      expect([time, accepts(timestampSchema, time)]).toEqual([time, true]);
    for (const time of ['0000-01-01T00:00:00Z', '0001-01-01T00:00:00+01:00', '9999-12-31T23:59:59-01:00'])
      expect([time, accepts(timestampSchema, time)]).toEqual([time, false]);
    expect(accepts(timestampSchema, '2026-11-21T09:30:00-23:59')).toBe(false);
  });
});
