import { availableParallelism } from 'node:os';
import { Messages } from '@carillon/messaging';
import { CarillonSide } from '../carillon/carillon-side.ts';
import { now } from '../clock.ts';
import type { Options } from '../options.ts';
import { Progress } from '../report/progress.ts';
import { cpuBetween, readCpu } from '../run/cpu.ts';
import type { Scratch } from '../run/scratch.ts';
import { ask, type Answered } from './asking.ts';
import { checkDisk, gigabytes } from './disk.ts';
import { fill } from './fill.ts';
import { questions } from './questions.ts';

/** What a large inbox is compared with. */
const smallRows = 100_000;
const manyAtOnce = 20;

/** The answers of an inbox with so many rows. */
export interface AtSize {
  rows: number;
  /** Table and indexes. */
  bytes: number;
  /** By question. */
  alone: Record<string, Answered>;
  /** The same, twenty at a time. */
  together: Record<string, Answered>;
  /** Share of the machine that was busy with something else while it was asked; undefined where it cannot be told. */
  others?: number;
}

/**
 * Asks the inbox service the same questions with few and with many rows in its table, over its RPC queue as the gateway does.
 *
 * @throws UsageError when the disk has no room for the rows
 */
export async function measureInboxSize(
  options: Pick<Options, 'seconds' | 'env' | 'profile'> & { rows: number },
  scratch: Scratch,
  undo: (() => Promise<void>)[],
  signal: AbortSignal,
): Promise<AtSize[]> {
  const sizes = [Math.min(smallRows, Math.floor(options.rows / 2)), options.rows];
  const progress = new Progress(2 * sizes.length);
  undo.push(async () => progress.clear());
  progress.say(await checkDisk(scratch.db, options.rows));
  const service = <T>(use: (messages: Messages, children: CarillonSide['children']) => Promise<T>): Promise<T> =>
    withInbox(options, scratch, undo, signal, use);
  // Makes the table.
  await service(async () => undefined);
  const found: AtSize[] = [];
  for (const [i, rows] of sizes.entries()) {
    await fillTo(scratch, sizes[i - 1] ?? 0, rows, progress, signal);
    found.push(
      await service((messages, children) =>
        measure(messages, children, { rows, seconds: options.seconds }, scratch, progress, signal),
      ),
    );
  }
  return found;
}

/** Runs the inbox alone, as `npm start` does, while it is used. */
async function withInbox<T>(
  { env, profile }: Pick<Options, 'env' | 'profile'>,
  scratch: Scratch,
  undo: (() => Promise<void>)[],
  signal: AbortSignal,
  use: (messages: Messages, children: CarillonSide['children']) => Promise<T>,
): Promise<T> {
  const side = new CarillonSide({ scratch, smtpUrl: '', withEmail: false, env, profileTo: profile }, ['inbox']);
  const messages = new Messages({ url: scratch.amqpUrl, prefix: scratch.prefix, service: 'bench' });
  const stop = async (): Promise<void> => {
    try {
      await messages.close();
    } finally {
      await side.stop();
    }
  };
  undo.push(stop);
  try {
    await messages.open();
    await side.start();
    signal.throwIfAborted();
    return await use(messages, side.children);
  } finally {
    // Interrupted: it may have been started after it was stopped.
    if (undo.at(-1) === stop) undo.pop();
    await stop();
  }
}

async function fillTo(
  { db }: Scratch,
  have: number,
  want: number,
  progress: Progress,
  signal: AbortSignal,
): Promise<void> {
  const label = `${count(want)} rows`;
  const began = now();
  const seconds = () => (now() - began) / 1000;
  await fill(db, have, want, {
    signal,
    onProgress: (done, total, of) => {
      const left = of === 'rows' ? `, ${((seconds() * (total - done)) / done).toFixed(0)} s to go` : '';
      progress.show(label, done, total, of + left);
    },
  });
  progress.finish(label, `in ${seconds().toFixed(0)} s, ${gigabytes(await bytesOf(db))}`);
}

async function measure(
  messages: Messages,
  children: CarillonSide['children'],
  { rows, seconds }: { rows: number; seconds: number },
  { db }: Scratch,
  progress: Progress,
  signal: AbortSignal,
): Promise<AtSize> {
  const label = `asking ${count(rows)} rows`;
  const total = 2 * questions.length;
  const ms = (1000 * seconds) / 4;
  // Lets nobody pay for the writes, and every process compile its hot code.
  await db.query('CHECKPOINT').catch(() => undefined); // Wants more rights than some admins have.
  for (const question of questions) await ask(messages, question, { rows, atOnce: manyAtOnce, ms: ms / 2, signal });
  const result: AtSize = { rows, bytes: await bytesOf(db), alone: {}, together: {} };
  const processes = [...children, { name: 'bench', pid: process.pid }];
  const before = readCpu(processes);
  const began = now();
  for (const [answers, atOnce] of [
    [result.alone, 1],
    [result.together, manyAtOnce],
  ] as const) {
    for (const [i, question] of questions.entries()) {
      progress.show(label, i + (atOnce > 1 ? questions.length : 0), total, question.name);
      answers[question.name] = await ask(messages, question, { rows, atOnce, ms, signal });
    }
  }
  const { others } = cpuBetween(before, readCpu(processes));
  if (others !== undefined) result.others = others / (now() - began) / availableParallelism();
  const busy = result.others === undefined ? '' : `, others used ${(100 * result.others).toFixed(0)} % of the machine`;
  progress.finish(label, `${total} measurements in ${((now() - began) / 1000).toFixed(0)} s${busy}`);
  return result;
}

async function bytesOf(db: Scratch['db']): Promise<number> {
  const { rows } = await db.query<{ bytes: string }>(`SELECT pg_total_relation_size('inbox.notifications') AS bytes`);
  return Number(rows[0]!.bytes);
}

function count(rows: number): string {
  return rows.toLocaleString('en');
}
