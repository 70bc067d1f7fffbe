import { expect, it } from '@jest/globals';
import { Unconsumed } from './unconsumed.ts';

const at = (now: number) => new Date(now).toISOString();

it('a queue that nobody consumes has waited since it was seen with a message, until somebody takes one', () => {
  const unconsumed = new Unconsumed([]);
  const see = (messages: number | null, consumers: number | null, now: number) => {
    unconsumed.see([{ queue: 'q', messages, consumers }], now);
    return unconsumed.since('q');
  };
  expect(see(0, 0, 1_000)).toBeUndefined();
  expect(see(2, 0, 2_000)).toBe(at(2_000));
  expect(see(2, 0, 3_000)).toBe(at(2_000));
  expect(see(5, 0, 4_000)).toBe(at(2_000));
  expect(see(4, 0, 5_000)).toBe(at(5_000));
  expect(see(4, 1, 6_000)).toBeUndefined();
  expect(see(4, 0, 7_000)).toBe(at(7_000));
  expect(see(0, 0, 8_000)).toBeUndefined();
  expect(see(1, 0, 9_000)).toBe(at(9_000));
  expect(see(null, null, 10_000)).toBeUndefined();
});

it('says nothing of a queue whose messages expire', () => {
  const unconsumed = new Unconsumed(['questions']);
  unconsumed.see([{ queue: 'questions', messages: 3, consumers: 0 }], 1_000);
  expect(unconsumed.since('questions')).toBeUndefined();
});
