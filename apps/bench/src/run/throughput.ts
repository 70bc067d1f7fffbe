import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../clock.ts';
import { renderedEmail } from '../front-door/event.ts';
import type { PublishOrder } from '../front-door/orders.ts';
import { cpuBetween, readCpu, type CpuReading } from './cpu.ts';
import type { Rig } from './rig.ts';
import type { Kind, Side } from './side.ts';

export interface ThroughputOptions {
  kind: Kind;
  tenant: string;
  /** Events or emails, each to one recipient; in a fan-out the recipients of the only event. */
  events: number;
  recipients: number;
  /** Gives up when nothing moves for this long. */
  stalledAfterMs: number;
  onProgress(done: number, perSecond: number): void;
}

export interface Throughput {
  /** From the first publish until everything is visible. */
  seconds: number;
  perSecond: number;
  /** From the first publish until the last one was confirmed. */
  publishSeconds: number;
  /** CPU milliseconds per thousand events, by process. */
  cpu: CpuReading;
  /** Share of the machine that was busy with something else, 0 to 1; undefined where it cannot be told. */
  others?: number;
}

/**
 * Publishes events to recipients who exist, as fast as the broker takes them, and waits until each has become all that it
 * should.
 */
export async function measureThroughput(
  side: Side,
  rig: Rig,
  cores: number,
  options: ThroughputOptions,
): Promise<Throughput> {
  const { kind, tenant, events, recipients } = options;
  await rig.forgetEmails();
  const processes = [...side.children, ...rig.children, { name: 'bench', pid: process.pid }];
  const cpuBefore = readCpu(processes);
  const began = now();
  const order = { ...doorOf(side, kind), tenant, count: kind === 'fan_out' ? 1 : events, recipients };
  const publishing = side.take?.(order) ?? rig.publish(order);
  const ended = await untilAllDone(side, rig, publishing, options);
  const cpu = cpuBetween(cpuBefore, readCpu(processes));
  const wholeSeconds = (now() - began) / 1000;
  const { startedAt, endedAt } = await publishing;
  await refuseDuplicates(side, rig, options);
  const seconds = (ended - startedAt) / 1000;
  return {
    seconds,
    perSecond: events / seconds,
    publishSeconds: (endedAt - startedAt) / 1000,
    cpu: Object.fromEntries(Object.entries(cpu).map(([name, ms]) => [name, (ms * 1000) / events])),
    others: cpu.others === undefined ? undefined : cpu.others / 1000 / (wholeSeconds * cores),
  };
}

/** Emails in one message: as many as the renderer's batches have under load (256 KiB). */
const emailsPerMessage = 20;

function doorOf(side: Side, kind: Kind): Pick<PublishOrder, 'exchange' | 'type' | 'key' | 'perMessage'> {
  if (kind !== 'rendered') return { exchange: side.exchange, type: side.types[kind] };
  return { ...side.emails, type: renderedEmail, perMessage: emailsPerMessage };
}

/** Resolves with the time at which the last row and email were seen. */
async function untilAllDone(
  side: Side,
  rig: Rig,
  publishing: Promise<unknown>,
  { kind, tenant, events, stalledAfterMs, onProgress }: ThroughputOptions,
): Promise<number> {
  const began = now();
  let done = 0;
  let movedAt = began;
  let failure: unknown;
  publishing.catch((error: unknown) => (failure = error));
  for (;;) {
    const seen = byEmail(kind) ? await emailsDone(side, rig, tenant) : await side.inApp(tenant);
    const at = now();
    if (seen >= events && (kind !== 'email' || (await side.inApp(tenant)) >= events)) return at;
    for (const child of side.children) if (child.trouble()) throw child.trouble();
    if (failure) throw failure;
    if (seen !== done) movedAt = at;
    else if (at - movedAt > stalledAfterMs) {
      throw new Error(
        `${side.name}: ${seen} of ${events} after ${Math.round((at - began) / 1000)} s, and nothing moves any more${side.children.map((child) => child.said()).join('')}`,
      );
    }
    done = seen;
    const perSecond = (1000 * done) / (at - began);
    onProgress(done, perSecond);
    // Counting costs the database something, so it is done rarely at first and often near the end.
    const remainingMs = done > 0 ? (1000 * (events - done)) / perSecond : 200;
    await sleep(Math.min(300, Math.max(20, remainingMs / 2)));
  }
}

function byEmail(kind: Kind): boolean {
  return kind === 'email' || kind === 'rendered';
}

/** Emails that the sink has taken and that the side has logged as sent. */
async function emailsDone(side: Side, rig: Rig, tenant: string): Promise<number> {
  return Math.min((await rig.emails()).accepted, await side.emailsSent(tenant));
}

async function refuseDuplicates(side: Side, rig: Rig, { kind, tenant, events }: ThroughputOptions): Promise<void> {
  const rows = kind === 'rendered' ? 0 : await side.inApp(tenant);
  const reached = kind === 'fan_out' ? await side.reached(tenant) : events;
  const { accepted, distinct } = await rig.emails();
  const emails = byEmail(kind) ? events : 0;
  if (rows !== (kind === 'rendered' ? 0 : events) || reached !== events || accepted !== emails || distinct !== emails) {
    throw new Error(
      `${side.name} did not deliver exactly once: ${reached} of ${events} were reached with ${rows} in-app rows and ${accepted} emails (${distinct} different ones)`,
    );
  }
}
