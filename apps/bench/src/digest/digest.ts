import { setTimeout as sleep } from 'node:timers/promises';
import { CarillonSide } from '../carillon/carillon-side.ts';
import { now } from '../clock.ts';
import type { Options } from '../options.ts';
import { Progress } from '../report/progress.ts';
import { Rig } from '../run/rig.ts';
import type { Scratch } from '../run/scratch.ts';

export interface DigestResult {
  /** Ordinary emails, one for each of the recipients: sent a second. */
  ordinary: { emails: number; perSecond: number };
  /** Events whose email waits for the digest of its recipient: from the first publish until the last one waits. */
  waiting: { items: number; perSecond: number };
  /** All digests are due at the same moment. Seconds from then. */
  due: {
    digests: number;
    /** Until the last window was closed. */
    closedAfter: number;
    firstSentAfter: number;
    /** Until the last email was with the SMTP server. */
    lastSentAfter: number;
    perSecond: number;
  };
}

const services = ['preferences', 'template-renderer', 'inbox', 'scheduler', 'email-sender'];
/** Of each digest. */
const itemsEach = 3;
const withinMs = 900_000;

/** Measures digests: how fast events are put aside for them, and how long it takes when all recipients' hour is the same. */
export async function measureDigests(
  { digests, env, profile }: Pick<Options, 'digests' | 'env' | 'profile'>,
  scratch: Scratch,
  undo: (() => Promise<unknown>)[],
  signal: AbortSignal,
): Promise<DigestResult> {
  const rig = await Rig.start(scratch);
  undo.push(() => rig.stop());
  const side = new CarillonSide({ scratch, smtpUrl: rig.smtpUrl, withEmail: true, env, profileTo: profile }, services);
  undo.push(() => side.stop());
  await side.start();
  const progress = new Progress(3);
  undo.push(async () => progress.clear());
  const count = async (sql: string, tenant: string): Promise<number> =>
    (await scratch.db.query<{ count: number }>(`SELECT count(*)::int AS count FROM ${sql}`, [tenant])).rows[0]!.count;
  /** @returns when so many are there, on {@link now}'s clock */
  const reached = async (many: number, counted: () => Promise<number>): Promise<number> => {
    for (const deadline = now() + withinMs; ; await sleep(50)) {
      signal.throwIfAborted();
      for (const child of side.children) if (child.trouble()) throw child.trouble();
      if ((await counted()) >= many) return now();
      if (now() > deadline) throw new Error(`${many} were not reached in ${withinMs / 1000} s`);
    }
  };
  const publish = (tenant: string, events: number, recipients: number) =>
    rig.publish({ exchange: side.exchange, type: side.types.email, tenant, count: events, recipients });
  const ordinaryEmails = async (tenant: string, emails: number): Promise<number> => {
    await side.addRecipients(tenant, emails);
    const [{ startedAt }, endedAt] = await Promise.all([
      publish(tenant, emails, emails),
      reached(emails, () => side.emailsSent(tenant)),
    ]);
    return (emails * 1000) / (endedAt - startedAt);
  };

  // Hot code is compiled first, that of digests too.
  await ordinaryEmails('warm', 500);
  await waitingDigests(scratch, side, 'warm-digests', 200);
  await publish('warm-digests', 400, 200);
  const waits = (tenant: string) => () =>
    count(`scheduler.digest_items WHERE tenant = $1 AND state = 'waiting'`, tenant);
  await reached(400, waits('warm-digests'));
  await letAllBeDue(scratch, 'warm-digests');
  await reached(200, () => side.emailsSent('warm-digests'));

  const ordinary = { emails: digests, perSecond: await ordinaryEmails('ordinary', digests) };
  progress.finish('ordinary emails', `${ordinary.perSecond.toFixed(0)}/s`);

  await waitingDigests(scratch, side, 'digests', digests);
  const items = digests * itemsEach;
  const [{ startedAt }, allWait] = await Promise.all([
    publish('digests', items, digests),
    reached(items, waits('digests')),
  ]);
  const waiting = { items, perSecond: (items * 1000) / (allWait - startedAt) };
  progress.finish('waiting', `${waiting.perSecond.toFixed(0)}/s`);

  const due = now();
  await letAllBeDue(scratch, 'digests');
  const sent = () => side.emailsSent('digests');
  const first = await reached(1, sent);
  const last = await reached(digests, sent);
  const { rows } = await scratch.db.query<{ after: number }>(
    `SELECT extract(epoch FROM max(closed_at) - min(due_at))::float8 AS after FROM scheduler.digest_windows WHERE tenant = 'digests'`,
  );
  const seconds = (at: number) => (at - due) / 1000;
  progress.finish('due', `last email after ${seconds(last).toFixed(1)} s`);
  return {
    ordinary,
    waiting,
    due: {
      digests,
      closedAfter: rows[0]!.after,
      firstSentAfter: seconds(first),
      lastSentAfter: seconds(last),
      perSecond: digests / seconds(last),
    },
  };
}

/** Recipients who have everything daily, half a day from now. */
async function waitingDigests({ db }: Scratch, side: CarillonSide, tenant: string, recipients: number): Promise<void> {
  await side.addRecipients(tenant, recipients);
  await db.query(
    `UPDATE preferences.recipients SET preferences = jsonb_build_object('frequency', 'daily', 'digest', jsonb_build_object(
       'hour', extract(hour FROM now() AT TIME ZONE time_zone + interval '12 hours'))) WHERE tenant = $1`,
    [tenant],
  );
  // Nothing waits for them yet.
  await db.query('DELETE FROM preferences.zone_changes WHERE tenant = $1', [tenant]);
}

async function letAllBeDue({ db }: Scratch, tenant: string): Promise<void> {
  await db.query('UPDATE scheduler.digest_windows SET due_at = now() WHERE tenant = $1', [tenant]);
}
