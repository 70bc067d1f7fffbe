import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Messages } from '@carillon/messaging';
import { now } from '../clock.ts';
import { percentile } from '../report/statistics.ts';
import { recipientsOf } from './fill.ts';
import type { Question } from './questions.ts';

/** How long a question took, in milliseconds, and how many were answered. */
export interface Answered {
  asked: number;
  p50: number;
  p99: number;
  /** Answers per second while it was asked. */
  perSecond: number;
  /** Share of the recipients, 0 to 1, who had what was asked for. */
  found: number;
}

/** Asks for random recipients, so many at a time, for a while. */
export async function ask(
  messages: Messages,
  question: Question,
  { rows, atOnce, ms, signal }: { rows: number; atOnce: number; ms: number; signal: AbortSignal },
): Promise<Answered> {
  const recipients = recipientsOf(rows);
  const times: number[] = [];
  let found = 0;
  let answering = 0;
  const until = now() + ms;
  const asker = async (): Promise<void> => {
    do {
      signal.throwIfAborted();
      const once = await question.prepare(messages, Math.floor(Math.random() * recipients));
      const began = now();
      if (await once()) found += 1;
      times.push(now() - began);
      answering += now() - began;
      await nextTurn();
    } while (now() < until);
  };
  await Promise.all(Array.from({ length: atOnce }, asker));
  return {
    asked: times.length,
    p50: percentile(times, 50),
    p99: percentile(times, 99),
    // What is not measured takes up time too.
    perSecond: (1000 * atOnce * times.length) / answering,
    found: found / times.length,
  };
}
