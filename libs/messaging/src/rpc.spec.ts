import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { countUnread, defineRpc, Problem, smsRendered } from '@carillon/contracts';
import { cuttableProxy, testBroker, until, type TestBroker } from '@carillon/testing';
import type { GetMessage } from 'amqplib';
import { firstValueFrom, of } from 'rxjs';
import { z } from 'zod';
import { ignoring } from '../testing/ignoring.ts';
import { runTransport } from '../testing/running-service.ts';
import { AmqpClient } from './amqp-client.ts';
import { defaults } from './defaults.ts';
import { Messages } from './messages.ts';
import type { RequestOf } from './rpc-types.ts';
import { currentTraceparent, withTrace } from './trace.ts';

type Question = RequestOf<typeof countUnread>;

/** A question that inbox was never taught. */
const unheardOf = defineRpc<object, object>({
  name: 'inbox.unheard_of.v1',
  service: 'inbox',
  summary: 'Nobody answers this.',
  request: z.object({}),
  response: z.object({}),
  example: { request: {}, response: {} },
});

/** The same question asked of a service that has a queue but is not running. */
const askedOfNobody = { ...countUnread, service: 'preferences' };

describe('questions between services', () => {
  let broker: TestBroker;
  let asker: Messages;
  /** What the answering service does; each test sets its own. */
  let answer: (request: Question) => unknown;
  let stop: () => Promise<void>;
  const cleanups: (() => Promise<unknown>)[] = [];

  const question = (recipient: string): Question => ({ tenant: 'default', recipient });
  const caught = (promise: Promise<unknown>): Promise<any> =>
    promise.then(
      () => expect('an answer').toBe('a refusal'),
      (error: unknown) => error,
    );

  async function askerThrough(url: string): Promise<Messages> {
    const messages = new Messages({ url, prefix: broker.prefix, service: 'gateway' });
    await messages.open();
    cleanups.push(() => messages.close());
    return messages;
  }

  /** Answers on a raw channel, for replies that our own responder would never give. */
  async function rawAnswerer(queue: string, take: (body: any, reply: (content: string) => void) => void) {
    const { consumerTag } = await broker.channel.consume(
      queue,
      (message) => {
        const { replyTo, correlationId } = message!.properties;
        take(JSON.parse(message!.content.toString()), (content) =>
          broker.channel.publish('', replyTo as string, Buffer.from(content), { correlationId }),
        );
      },
      { noAck: true },
    );
    cleanups.push(() => broker.channel.cancel(consumerTag));
  }

  beforeAll(async () => {
    broker = await testBroker();
    @Controller()
    class CountController {
      @MessagePattern<string>(countUnread.name)
      count(@Payload() request: Question) {
        return answer(request);
      }
    }
    const database = {
      name: 'PostgreSQL',
      isAway: (error: unknown) => error instanceof Error && error.message === 'database away',
      ping: async () => undefined,
    };
    const options = {
      url: broker.url,
      prefix: broker.prefix,
      service: 'inbox',
      rpcs: [countUnread],
      dependencies: [database],
    };
    ({ stop } = await runTransport(options, CountController, ignoring('inbox')));
    asker = new Messages({ url: broker.url, prefix: broker.prefix, service: 'gateway' });
    await asker.open();
  });

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
  });

  afterAll(async () => {
    await asker.close();
    await stop();
    await broker.close();
  });

  it('are answered, with the trace of whoever asked', async () => {
    const seen: unknown[] = [];
    answer = (request) => {
      seen.push(request, currentTraceparent());
      return { count: 7 };
    };
    const trace = '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01';
    await expect(withTrace(trace, () => asker.call(countUnread, question('parent-17')))).resolves.toEqual({ count: 7 });
    expect(seen).toEqual([question('parent-17'), trace]);
  });

  it('may be answered by an observable, as Nest handlers like', async () => {
    answer = () => of({ count: 3 });
    await expect(asker.call(countUnread, question('r'))).resolves.toEqual({ count: 3 });
  });

  it('get a Problem back unchanged, every member of it', async () => {
    const details = {
      status: 422,
      code: 'unknown_recipient',
      title: 'Unknown recipient',
      detail: 'Create it first.',
      errors: [{ path: 'recipient', message: 'no such recipient' }],
      retry_after: 9,
    };
    answer = () => {
      throw new Problem(details);
    };
    const problem = await caught(asker.call(countUnread, question('r')));
    expect(problem).toBeInstanceOf(Problem);
    expect(problem.toJSON()).toEqual(details);
  });

  it('get 500 without the inner workings when the handler breaks', async () => {
    answer = () => {
      throw new Error('relation "secrets" does not exist');
    };
    const problem = await caught(asker.call(countUnread, question('r')));
    expect(problem).toMatchObject({ status: 500, code: 'internal_error' });
    expect(JSON.stringify(problem)).not.toContain('secrets');
  });

  it('get 503 at once while the database is away, and answers when it is back', async () => {
    answer = () => {
      throw new Error('database away');
    };
    expect(await caught(asker.call(countUnread, question('r')))).toMatchObject({
      status: 503,
      detail: 'PostgreSQL cannot be reached right now.',
    });
    answer = () => ({ count: 1 });
    await expect(asker.call(countUnread, question('r'))).resolves.toEqual({ count: 1 });
  });

  it('that the service was never taught get 501 with their name', async () => {
    expect(await caught(asker.call(unheardOf, {}))).toMatchObject({
      status: 501,
      code: 'unknown_rpc',
      title: 'This service does not answer inbox.unheard_of.v1',
    });
  });

  it('that break the contract get 400 with the field, and never reach the handler', async () => {
    let reached = false;
    answer = () => (reached = true);
    const problem = await caught(asker.call(countUnread, { tenant: 'default', recipient: 17 } as never));
    expect(problem).toMatchObject({ status: 400, code: 'invalid_request', errors: [{ path: 'recipient' }] });
    expect(reached).toBe(false);
  });

  it('that are not even JSON get 400 too', async () => {
    const { queue: replies } = await broker.channel.assertQueue('', { exclusive: true });
    broker.channel.publish('', broker.names.rpcQueue('inbox'), Buffer.from('{"tenant":'), {
      type: countUnread.name,
      replyTo: replies,
      correlationId: '1',
    });
    const reply = await until('the reply came', () => broker.channel.get(replies, { noAck: true }));
    expect(JSON.parse((reply as GetMessage).content.toString())).toMatchObject({
      problem: { status: 400, code: 'invalid_request' },
    });
  });

  it('without a return address are let go of, and do not use up the places of others', async () => {
    answer = () => ({ count: 1 });
    for (let index = 0; index < defaults.rpcPrefetch + 10; index += 1) {
      broker.channel.publish('', broker.names.rpcQueue('inbox'), Buffer.from(JSON.stringify(question('r'))), {
        type: countUnread.name,
      });
    }
    await expect(asker.call(countUnread, question('r'))).resolves.toEqual({ count: 1 });
  });

  it('whose answer JSON cannot hold get 500 at once instead of silence', async () => {
    answer = () => ({ count: 1n });
    expect(await caught(asker.call(countUnread, question('r')))).toMatchObject({ status: 500 });
  });

  it('two hundred at a time each get their own answer', async () => {
    answer = async ({ recipient }) => {
      await sleep(Math.random() * 20);
      return { count: Number(recipient.slice(1)) };
    };
    const numbers = Array.from({ length: 200 }, (_, index) => index);
    const answers = await Promise.all(numbers.map((n) => asker.call(countUnread, question(`r${n}`))));
    expect(answers.map(({ count }) => count)).toEqual(numbers);
  });

  it('get 503 after their time limit; the answer that comes later is ignored', async () => {
    let release!: () => void;
    const held = new Promise<void>((resolve) => (release = resolve));
    let answered = 0;
    answer = async ({ recipient }) => {
      if (recipient === 'slow') await held;
      answered += 1;
      return { count: recipient === 'slow' ? 99 : 1 };
    };
    expect(await caught(asker.call(countUnread, question('slow'), { timeoutMs: 100 }))).toMatchObject({
      status: 503,
      detail: 'inbox did not answer within 100 ms; try again shortly.',
      retry_after: 5,
    });
    release();
    await until('the late answer was given', () => answered === 1);
    await expect(asker.call(countUnread, question('quick'))).resolves.toEqual({ count: 1 });
  });

  it('expire at the broker: a service that comes too late never sees them', async () => {
    await caught(asker.call(askedOfNobody, question('too late'), { timeoutMs: 150 }));
    // The broker's clock starts a moment after the asker's.
    const queue = broker.names.rpcQueue('preferences');
    await until('the question is gone', async () => (await broker.depth(queue)) === 0);
    const seen: string[] = [];
    await rawAnswerer(queue, (body: Question, reply) => {
      seen.push(body.recipient);
      reply('{"ok":{"count":5}}');
    });
    await expect(asker.call(askedOfNobody, question('in time'))).resolves.toEqual({ count: 5 });
    expect(seen).toEqual(['in time']);
  });

  it('asked of a service that was never started get 503 at once, not after the time limit', async () => {
    await broker.channel.deleteQueue(broker.names.rpcQueue('sms-sender'));
    const asked = performance.now();
    expect(await caught(asker.call({ ...countUnread, service: 'sms-sender' }, question('r')))).toMatchObject({
      status: 503,
      detail: 'sms-sender has never been started; try again shortly.',
    });
    expect(performance.now() - asked).toBeLessThan(2_000);
  });

  it('get 503 soon after the connection is lost while they wait, 503 at once while it is away, answers after it is back', async () => {
    const proxy = await cuttableProxy(broker.url);
    cleanups.push(() => proxy.close());
    const cutOff = await askerThrough(proxy.url);
    let begun = false;
    let release!: (answer: unknown) => void;
    answer = () => {
      begun = true;
      return new Promise((resolve) => (release = resolve));
    };
    const waiting = caught(cutOff.call(countUnread, question('r'), { timeoutMs: 20_000 }));
    await until('the service works on it', () => begun);
    const cutAt = performance.now();
    proxy.cut();
    expect(await waiting).toMatchObject({
      status: 503,
      detail: 'the connection to RabbitMQ was lost while waiting for an answer; try again shortly.',
    });
    expect(await caught(cutOff.call(countUnread, question('r')))).toMatchObject({
      status: 503,
      detail: 'RabbitMQ cannot be reached right now; try again shortly.',
    });
    expect(performance.now() - cutAt).toBeLessThan(2_000);
    release({ count: 0 });
    proxy.restore();
    answer = () => ({ count: 2 });
    await until('it is connected again', () => cutOff.trouble() === undefined);
    await expect(cutOff.call(countUnread, question('r'))).resolves.toEqual({ count: 2 });
  });

  it('asked while the connection is being closed fail with a Problem like any other', async () => {
    answer = () => ({ count: 1 });
    const leaving = new Messages({ url: broker.url, prefix: broker.prefix, service: 'gateway' });
    await leaving.open();
    const refusals: unknown[] = [];
    let closed = false;
    const closing = leaving.close().then(() => (closed = true));
    while (!closed) {
      leaving.call(countUnread, question('r')).catch((error: unknown) => refusals.push(error));
      await new Promise(setImmediate);
    }
    await closing;
    await leaving.call(countUnread, question('r')).catch((error: unknown) => refusals.push(error));
    expect(refusals.length).toBeGreaterThan(0);
    for (const refusal of refusals) expect(refusal).toMatchObject({ name: 'Problem', status: 503 });
  });

  it('are refused with 503 beyond the limit of waiting ones, so that memory stays bounded', async () => {
    const waiting = Array.from({ length: defaults.maxPendingRpc }, () =>
      caught(asker.call(askedOfNobody, question('r'), { timeoutMs: 1_000 })),
    );
    expect(await caught(asker.call(askedOfNobody, question('one too many')))).toMatchObject({
      status: 503,
      detail: 'Too many requests wait for an answer; try again shortly.',
    });
    await Promise.all(waiting);
  });

  it('and events can go through Nest’s own ClientProxy', async () => {
    answer = () => ({ count: 4 });
    const client = new AmqpClient(asker);
    await expect(firstValueFrom(client.send(countUnread, question('r')))).resolves.toEqual({ count: 4 });
    answer = () => {
      throw Problem.notFound('notification', '1');
    };
    expect(await caught(firstValueFrom(client.send(countUnread, question('r'))))).toMatchObject({ status: 404 });
    const seen = await broker.capture(smsRendered);
    await firstValueFrom(client.emit(smsRendered, { data: smsRendered.example, attributes: { id: 'e1' } }), {
      defaultValue: undefined,
    });
    await until('the event arrived', () => seen.length === 1);
    expect(seen[0]).toMatchObject({ id: 'e1', type: smsRendered.type, data: smsRendered.example });
  });
});
