import { describe, expect, it } from '@jest/globals';
import { renderedFor } from '../../testing/inbox-under-test.ts';
import { rowOf, type NotificationRow } from '../notification-row.ts';
import { insertedRow } from '../storing/stored.ts';
import { gather, type Change } from './gather.ts';

const owner = { tenant: 'school', recipient: 'parent-17' };
const row = (seconds: number, html: string | null = null): NotificationRow =>
  insertedRow(
    rowOf(owner.tenant, renderedFor(owner.recipient, { html })),
    new Date(1_800_000_000_000 + seconds * 1000),
  );
const created = ({ id }: NotificationRow): Change => ({ ...owner, created: id });
const updated = ({ id }: NotificationRow): Change => ({ ...owner, updated: id });

describe('what changed in an inbox', () => {
  it('is one message, oldest first, each notification once; one that is new and changed since is new', () => {
    const [a, b, c] = [row(1), row(2), row(3)];
    const changes = [created(c), updated(a), created(b), updated(b), updated(a)];
    expect(gather(changes, [c, b, a])).toEqual([{ created: [b, c], updated: [a], deleted: [], reload: false }]);
  });

  it('leaves out what is gone by now', () => {
    const a = row(1);
    const changes = [updated(a), { ...owner, deleted: [a.id] }, { ...owner, deleted: [a.id, 'b'] }];
    expect(gather(changes, [])).toEqual([{ created: [], updated: [], deleted: [a.id, 'b'], reload: false }]);
    expect(gather([{ ...owner, reload: true }], [])).toEqual([{ created: [], updated: [], deleted: [], reload: true }]);
  });

  it('is several messages when it is large, none of which the broker refuses', () => {
    const rows = Array.from({ length: 30 }, (_, second) => row(second, 'x'.repeat(100_000)));
    const parts = gather([...rows.map(created), { ...owner, deleted: ['z'] }], rows);
    expect(parts.flatMap((part) => part.created)).toEqual(rows);
    expect(parts.flatMap((part) => part.deleted)).toEqual(['z']);
    expect(parts.length).toBeGreaterThan(3);
    for (const part of parts) expect(JSON.stringify(part).length).toBeLessThan(1_100_000);
    const huge = row(1, 'x'.repeat(2_000_000));
    expect(gather([created(huge)], [huge])).toMatchObject([{ created: [{ id: huge.id }] }]);
  });
});
