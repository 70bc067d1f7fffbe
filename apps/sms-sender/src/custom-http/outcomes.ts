/** What an answer of a custom provider means, by a table that whoever set it up has written. Pure. */
import { refusedWith, retryAfterSeconds, type NotAccepted } from '@carillon/delivery';
import { z } from 'zod';

export const outcomeWords = [
  'accepted',
  'permanent',
  'permanent_technical',
  'retryable',
  'retryable_technical',
  'throttled',
  'uncertain',
] as const;

/**
 * By what the answer says at the status path, or by `http_422`; `*` is whatever is not listed. Without an entry the HTTP status
 * counts, and an unknown word in an answer that is no error leaves it uncertain whether the message was taken.
 */
export const outcomesSchema = z.record(z.string().min(1).max(100), z.enum(outcomeWords));
export type Outcomes = z.infer<typeof outcomesSchema>;

interface Answer {
  readonly status: number;
  readonly retryAfter: string | undefined;
  /** What it says at the status path; undefined: there is no such path. */
  readonly said: string | null | undefined;
}

/** @returns undefined when the message was accepted */
export function refusalIn(vendor: string, outcomes: Outcomes, answer: Answer): NotAccepted | undefined {
  const { status, retryAfter, said } = answer;
  const known = [said, `http_${status}`].find(
    (word): word is string => typeof word === 'string' && Object.hasOwn(outcomes, word),
  );
  const success = status >= 200 && status < 300;
  if (known === undefined && !success) return refusedWith(vendor, status, retryAfter);
  if (known === undefined && said === undefined) return undefined;
  const word = known === undefined ? outcomes['*'] : outcomes[known];
  if (word === 'accepted') return undefined;
  // Only words of the table are repeated: what else a provider says may contain the number.
  const code = known ?? `HTTP ${status}`;
  const error = `${vendor}: ${known === undefined ? 'an answer that is not in the table of outcomes' : known}`;
  switch (word) {
    case 'permanent':
    case 'retryable':
      return { kind: word, error, code };
    case 'permanent_technical':
      return { kind: 'permanent', technical: true, error, code };
    case 'retryable_technical':
      return { kind: 'retryable', technical: true, error, code };
    case 'throttled':
      return { kind: 'throttled', error, code, retryAfterSeconds: retryAfterSeconds(retryAfter, Date.now()) };
    default:
      return { kind: 'uncertain', error, code };
  }
}
