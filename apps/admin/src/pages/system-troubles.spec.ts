import { describe, expect, it } from '@jest/globals';
import { troublesOf, type Health } from './system-troubles.js';

const at = '2026-11-21T12:00:00.000Z';
const ago = (seconds: number) => new Date(Date.parse(at) - seconds * 1_000).toISOString();
const replica = (trouble: string | null) => ({
  replica: '0190a1b2-0000-7000-8000-000000000001',
  version: '0.1.0',
  started_at: ago(3_600),
  heard_at: ago(1),
  ready: trouble === null,
  trouble,
});
const provider = {
  name: 'twilio',
  origin: 'tenant' as const,
  in_use: true,
  problem: null,
  breaker: { state: 'closed' as const, reason: null, since: null, retry_at: null, replicas: 0 },
};
const queue = { queue: 'carillon.inbox.rendered', messages: 0, consumers: 1, oldest_at: null, at_least: false };
const well: Health = {
  at,
  services: [
    { service: 'inbox', status: 'ok', replicas: [replica(null)] },
    { service: 'sms-sender', status: 'ok', replicas: [replica(null)] },
  ],
  queues: { trouble: null, data: [queue] },
  outbox: { count: 0, oldest_at: null },
  dead_letters: { count: 0, oldest_at: null },
  providers: [{ channel: 'sms', trouble: null, providers: [provider] }],
};
const told = (changes: Partial<Health>) =>
  troublesOf({ ...well, ...changes }, 'en').map(({ tone, text }) => `${tone}: ${text}`);
const queues = (...data: Partial<Health['queues']['data'][number]>[]): Partial<Health> => ({
  queues: { trouble: null, data: data.map((one) => ({ ...queue, ...one })) },
});
const providers = (...changes: object[]): Partial<Health> => ({
  providers: [{ channel: 'sms', trouble: null, providers: changes.map((one) => ({ ...provider, ...one })) }],
});

describe('what somebody should look at', () => {
  it('is nothing while all is well', () => {
    expect(told({})).toEqual([]);
    expect(told(queues({ messages: 3, oldest_at: ago(59) }))).toEqual([]);
    expect(
      told(providers({ in_use: false, problem: 'no key', breaker: { ...provider.breaker, state: 'open' } })),
    ).toEqual([]);
  });

  it('is a service of which nothing is heard, or that cannot work', () => {
    const postgres = replica('PostgreSQL does not answer');
    expect(
      told({
        services: [
          { service: 'scheduler', status: 'degraded', replicas: [replica(null), postgres, postgres] },
          { service: 'gateway', status: 'not_ready', replicas: [postgres] },
          { service: 'inbox', status: 'missing', replicas: [] },
        ],
      }),
    ).toEqual([
      'bad: gateway cannot work: PostgreSQL does not answer',
      'bad: Nothing is heard of inbox.',
      'warn: Some replicas of scheduler cannot work: PostgreSQL does not answer',
    ]);
  });

  it('is RabbitMQ alone while it is away, because then nobody can be heard', () => {
    const services = well.services.map(({ service }) => ({ service, status: 'missing' as const, replicas: [] }));
    expect(told({ services, queues: { trouble: 'RabbitMQ does not answer', data: [] } })).toEqual([
      'bad: RabbitMQ cannot be asked: RabbitMQ does not answer. Until it is back, no service is heard of.',
    ]);
  });

  it('is a queue that nobody consumes, that is gone or that is behind', () => {
    expect(
      told(
        queues(
          { queue: 'behind', messages: 5, oldest_at: ago(200) },
          { queue: 'stuck', messages: 0, oldest_at: ago(7_300) },
          { queue: 'one', messages: 1, consumers: 0, oldest_at: ago(3), at_least: true },
          { queue: 'many', messages: 1_200, consumers: 0, oldest_at: ago(300), at_least: true },
          { queue: 'questions', messages: 1, consumers: 0 },
          { queue: 'idle', messages: 0, consumers: 0 },
          { queue: 'gone', messages: null, consumers: null },
        ),
      ),
    ).toEqual([
      'bad: Nobody consumes one: 1 message waits.',
      'bad: Nobody consumes many: 1,200 messages wait.',
      'bad: gone is gone. It is made anew when the service that consumes it connects.',
      'warn: behind is behind: its oldest message has waited for 3 minutes.',
      'warn: stuck is behind: its oldest message has waited for 2 hours.',
    ]);
  });

  it('is a provider that is used and cannot be, and a sender that does not tell', () => {
    const breaker = { ...provider.breaker, reason: 'the provider does not answer', since: ago(9) };
    expect(
      told(
        providers(
          { name: 'a', breaker: { ...breaker, state: 'half_open' } },
          { name: 'b', breaker: { ...breaker, state: 'open' } },
          { name: 'c', problem: 'its key cannot be read' },
        ),
      ),
    ).toEqual([
      'bad: SMS does without the provider b: the provider does not answer.',
      'bad: SMS cannot use the provider c: its key cannot be read',
      'warn: SMS tries the provider a again: the provider does not answer.',
    ]);
    const silent = { providers: [{ channel: 'sms', trouble: 'no answer', providers: [] }] };
    expect(told(silent)).toEqual(['warn: The sender of SMS does not tell about its providers: no answer']);
    const missing = [{ service: 'sms-sender', status: 'missing' as const, replicas: [] }];
    expect(told({ ...silent, services: missing })).toEqual(['bad: Nothing is heard of sms-sender.']);
  });

  it('is what waits outside the queues', () => {
    expect(told({ outbox: { count: 1, oldest_at: ago(1) }, dead_letters: { count: 2, oldest_at: ago(1) } })).toEqual([
      'warn: 1 accepted event has not reached RabbitMQ yet.',
      'warn: 2 dead letters wait for somebody to decide.',
    ]);
  });
});
