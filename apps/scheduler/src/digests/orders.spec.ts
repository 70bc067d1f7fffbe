import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { CloudEvent, DigestDue, DigestItem, Window } from '@carillon/contracts';
import type { Messages } from '@carillon/messaging';
import { dataSourceOptions } from '@carillon/persistence';
import { testDatabase, until, type TestDatabase } from '@carillon/testing';
import fc from 'fast-check';
import { DataSource } from 'typeorm';
import { itemOf, letCome } from '../../testing/digests.ts';
import { migrations } from '../../migrations/index.ts';
import type { Firing } from '../firing/firing.ts';
import { Arriving } from './arriving.ts';
import { Closing, heldColumns } from './closing.ts';
import { Waking } from './waking.ts';

const daily: Window = { kind: 'digest', frequency: 'daily', hour: 8, time_zone: 'UTC' };
const batch: Window = {
  kind: 'batch',
  type: 'comment_added',
  key: '7',
  mode: 'sliding',
  window_ms: 600_000,
  max_wait_ms: 900_000,
  max_count: 4,
};

type Step =
  { what: 'arrive' | 'again'; which: number; replica: number } | { what: 'close' | 'die' | 'wake'; replica: number };

/** Whatever happens in whatever order, with two replicas at the same time on one database, and one that dies in its work. */
describe('whatever the order of arrivals, closings and deaths', () => {
  let database: TestDatabase;
  let db: DataSource;
  let replicas: { arriving: Arriving; closing: Closing; waking: Waking }[];
  let runs = 0;

  beforeAll(async () => {
    database = await testDatabase({ scheduler: migrations });
    const url = database.url('scheduler');
    db = await new DataSource(dataSourceOptions({ url, service: 'scheduler', poolSize: 6 })).initialize();
    // Timers are looked at in their table; nothing fires them here.
    const firing = { wakeIn: () => undefined } as unknown as Firing;
    const messages = { source: '/carillon/test' } as Messages;
    replicas = [0, 1].map(() => {
      const closing = new Closing(db, firing, messages);
      return { closing, arriving: new Arriving(db, closing), waking: new Waking(db, closing, firing) };
    });
  });
  afterAll(async () => {
    for (const { closing } of replicas ?? []) await closing.beforeApplicationShutdown();
    await db?.destroy();
    await database?.drop();
  });

  /** Does all the work of closing, and is gone before it is committed. */
  async function dieClosing({ closing }: (typeof replicas)[number]): Promise<void> {
    const killed = new Error('killed');
    await db
      .transaction(async (transaction) => {
        const due = await transaction.query(
          `SELECT ${heldColumns} FROM digest_windows WHERE state = 'pending' AND due_at <= now() FOR UPDATE SKIP LOCKED`,
        );
        await closing.close(transaction, due);
        throw killed;
      })
      .catch((error: unknown) => {
        if (error !== killed) throw error;
      });
  }

  const told = async (tenant: string): Promise<DigestDue[]> => {
    const rows = await database.query<{ message: CloudEvent<DigestDue> }>(
      'SELECT message FROM scheduler.timers WHERE tenant = $1 ORDER BY created_at',
      [tenant],
    );
    return rows.map(({ message }) => message.data);
  };

  const replica = fc.nat(1);
  const step: fc.Arbitrary<Step> = fc.oneof(
    { weight: 6, arbitrary: fc.record({ what: fc.constant('arrive' as const), which: fc.nat(11), replica }) },
    { weight: 2, arbitrary: fc.record({ what: fc.constant('again' as const), which: fc.nat(11), replica }) },
    { weight: 3, arbitrary: fc.record({ what: fc.constantFrom('close' as const, 'die' as const), replica }) },
    { weight: 1, arbitrary: fc.record({ what: fc.constant('wake' as const), replica }) },
  );
  /** What stands side by side happens at the same time. */
  const history = fc.array(fc.array(step, { minLength: 1, maxLength: 5 }), { minLength: 1, maxLength: 8 });

  it.each([
    ['digests', daily],
    ['batches', batch],
  ])('every item of %s is in one message, once', async (_, window) => {
    await fc.assert(
      fc.asyncProperty(history, async (turns) => {
        const tenant = `run-${(runs += 1)}`;
        const items = Array.from({ length: 12 }, (_, n) => itemOf(window, { recipient: n % 3 === 0 ? 'bo' : 'amina' }));
        const sent = new Set<DigestItem>();
        const act = async (one: Step): Promise<void> => {
          const at = replicas[one.replica]!;
          if (one.what === 'arrive' || one.what === 'again') {
            const item = items[one.which]!;
            sent.add(item);
            // One that is delivered again is the very same, also beside itself.
            const times = one.what === 'again' ? 2 : 1;
            await Promise.all(Array.from({ length: times }, () => at.arriving.add({ ...item, tenant })));
          } else if (one.what === 'wake') await at.waking.wake({ tenant, recipient: 'amina', by: 'a change' });
          else {
            await letCome(database);
            await (one.what === 'close' ? at.closing.closeDue() : dieClosing(at));
          }
        };
        for (const turn of turns) await Promise.all(turn.map(act));
        // What the other replica is closing at this moment is left to it.
        await until('nothing waits', async () => {
          await letCome(database);
          await Promise.all(replicas.map(({ closing }) => closing.closeDue()));
          const [row] = await database.query<{ left: number }>(
            `SELECT count(*)::int AS left FROM scheduler.digest_items WHERE tenant = $1 AND state <> 'taken'`,
            [tenant],
          );
          return row!.left === 0;
        });

        const messages = await told(tenant);
        const got = messages.flatMap((due) => due.items.map(({ notification_id }) => notification_id));
        expect(got.toSorted()).toEqual([...sent].map(({ notification_id }) => notification_id).sort());
        for (const due of messages) {
          expect(new Set(due.items.map((item) => item.recipient))).toEqual(new Set([due.recipient]));
          const times = due.items.map(({ created_at }) => created_at);
          expect(times).toEqual(times.toSorted());
        }
      }),
      { numRuns: 25 },
    );
  });
});
