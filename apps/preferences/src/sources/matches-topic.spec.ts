import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { testBroker, unique, until, type TestBroker } from '@carillon/testing';
import fc from 'fast-check';
import { matchesTopic } from './matches-topic.ts';

const word = fc.constantFrom('a', 'b', '', 'lesson');
const routingKey = fc.array(word, { maxLength: 6 }).map((words) => words.join('.'));
const pattern = fc.array(fc.oneof(word, fc.constantFrom('*', '#')), { maxLength: 6 }).map((words) => words.join('.'));

describe('a topic pattern', () => {
  it.each([
    ['lesson.*', 'lesson.moved', true],
    ['lesson.*', 'lesson', false],
    ['lesson.*', 'lesson.moved.twice', false],
    ['lesson.#', 'lesson', true],
    ['lesson.#', 'lesson.moved.twice', true],
    ['#.moved', 'moved', true],
    ['#.moved.#', 'lesson.moved.twice', true],
    ['*.*', 'lesson.', true],
    ['#', '', true],
    ['*', '', false],
    ['', '', true],
    ['a.#.b.#.b', 'a.b.b', true],
    ['a.#.b.*.c', 'a.b.b.b.x.c', true],
    ['les*', 'lesson', false],
  ])('%j takes %j: %j', (given, key, taken) => {
    expect(matchesTopic(given, key)).toBe(taken);
  });

  it('without wildcards takes only itself; "#" takes everything, also between words', () => {
    fc.assert(
      fc.property(routingKey, routingKey, (one, other) => {
        expect(matchesTopic(one, other)).toBe(one === other);
        expect(matchesTopic('#', one)).toBe(true);
        if (one !== '') expect(matchesTopic(`#.${one}.#`, one)).toBe(true);
      }),
    );
  });

  it('is not slow, whatever it is', () => {
    const started = performance.now();
    expect(matchesTopic(`${'#.a.'.repeat(60)}b`, `${'a.'.repeat(120)}c`)).toBe(false);
    expect(performance.now() - started).toBeLessThan(1_000);
  });

  describe('at the broker', () => {
    let broker: TestBroker;

    beforeAll(async () => {
      broker = await testBroker();
    });

    afterAll(() => broker.close());

    it('takes the same routing keys', async () => {
      const patterns = [...new Set(fc.sample(pattern, 60))];
      const keys = [...new Set(fc.sample(routingKey, 60))];
      const { channel } = broker;
      const exchange = `topics_${unique()}`;
      await channel.assertExchange(exchange, 'topic', { durable: false, autoDelete: true });
      const taken = new Map<string, string[]>();
      const queues: string[] = [];
      for (const given of patterns) {
        const { queue } = await channel.assertQueue('', { exclusive: true });
        await channel.bindQueue(queue, exchange, given);
        queues.push(queue);
      }
      for (const key of keys) channel.publish(exchange, key, Buffer.from('{}'));
      for (const [index, queue] of queues.entries()) {
        const seen: string[] = [];
        channel.sendToQueue(queue, Buffer.from('the last one'));
        const end = (content: Buffer) => content.toString() === 'the last one' && taken.set(patterns[index]!, seen);
        await channel.consume(queue, (message) => end(message!.content) || seen.push(message!.fields.routingKey), {
          noAck: true,
        });
      }
      await until('everything arrived', () => taken.size === patterns.length);
      for (const given of patterns)
        expect([given, taken.get(given)]).toEqual([given, keys.filter((key) => matchesTopic(given, key))]);
    });
  });
});
