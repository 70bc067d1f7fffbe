import { describe, expect, it } from '@jest/globals';
import { deliveryOutcomes, publicOutcomes, type CloudEvent } from '@carillon/contracts';
import fc from 'fast-check';
import { Webhook } from 'standardwebhooks';
import { factGroups, factKinds, factOf, kindsOf } from './facts.ts';
import { defaultDelaysSeconds, secondsIn, verdictOn } from './retries.ts';
import { newSecret, signed } from './signature.ts';

const now = Date.parse('2026-11-21T09:30:00Z');

describe('a signature', () => {
  it('is the one of Standard Webhooks', () => {
    // From the reference implementation.
    const message = { id: 'msg_p5jXN8AQM9LWM0D4loKWxJek', body: '{"test": 2432232314}', at: new Date(1614265330_000) };
    expect(signed(message, ['whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw'])['webhook-signature']).toBe(
      'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
    );
  });

  it('is taken by receivers that know either of two secrets, and by nobody else', () => {
    fc.assert(
      fc.property(fc.uuid(), fc.json(), (id, body) => {
        const secrets = [newSecret(), newSecret()];
        const headers = signed({ id, body, at: new Date() }, secrets);
        for (const secret of secrets) expect(new Webhook(secret).verify(body, headers)).toEqual(JSON.parse(body));
        expect(() => new Webhook(newSecret()).verify(body, headers)).toThrow();
        expect(() => new Webhook(secrets[0]!).verify(`${body} `, headers)).toThrow();
        expect(() => new Webhook(secrets[0]!).verify(body, { ...headers, 'webhook-id': 'another' })).toThrow();
      }),
    );
  });
});

describe('after an attempt', () => {
  const ask = (answered: Parameters<typeof verdictOn>[0], retriesUsed = 0, random = 0.5) =>
    verdictOn(answered, retriesUsed, defaultDelaysSeconds, { random, now });

  it('2xx is delivered, 410 is the end, and everything else is tried again for three days', () => {
    for (const status of [200, 202, 204, 299]) expect(ask({ status })).toEqual({ kind: 'delivered' });
    expect(ask({ status: 410 })).toEqual({ kind: 'gone' });
    for (const status of [301, 400, 404, 429, 500, 503])
      expect(ask({ status })).toEqual({ kind: 'retry', inSeconds: 5 });
    const all = defaultDelaysSeconds.map((_, retries) => ask({ error: 'no answer' }, retries));
    expect(all.map((verdict) => verdict.kind === 'retry' && verdict.inSeconds)).toEqual(defaultDelaysSeconds);
    expect(ask({ error: 'no answer' }, defaultDelaysSeconds.length)).toEqual({ kind: 'failed' });
    expect(defaultDelaysSeconds.reduce((sum, delay) => sum + delay, 0) / 86_400).toBeGreaterThan(3);
  });

  it('the pause is near the planned one and never shorter than the endpoint asks for, up to a day', () => {
    const random = fc.double({ min: 0, max: 1, noNaN: true });
    const retries = fc.nat(defaultDelaysSeconds.length - 1);
    fc.assert(
      fc.property(random, retries, fc.option(fc.nat(200_000)), (luck, used, asked) => {
        const verdict = ask({ status: 503, retryAfter: asked === null ? undefined : String(asked) }, used, luck);
        if (verdict.kind !== 'retry') throw new Error(verdict.kind);
        const planned = defaultDelaysSeconds[used]!;
        const wished = Math.min(asked ?? 0, 86_400);
        expect(verdict.inSeconds).toBeGreaterThanOrEqual(Math.max(planned * 0.9, wished) - 1e-6);
        expect(verdict.inSeconds).toBeLessThanOrEqual(Math.max(planned, wished) * 1.1 + 1e-6);
      }),
    );
  });

  it('Retry-After is seconds or a date', () => {
    expect(secondsIn('120', now)).toBe(120);
    expect(secondsIn('Sat, 21 Nov 2026 09:31:00 GMT', now)).toBe(60);
    expect(secondsIn('Sat, 21 Nov 2020 09:31:00 GMT', now)).toBe(0);
    for (const nonsense of [undefined, '', 'soon', '-5']) expect(secondsIn(nonsense, now) ?? 0).toBe(0);
  });
});

describe('a fact', () => {
  const event: CloudEvent = {
    specversion: '1.0',
    id: '1',
    source: '/carillon/email-sender',
    type: deliveryOutcomes.failed.type,
    tenant: 'shop',
    time: '2026-11-21T09:30:01.000Z',
    data: deliveryOutcomes.failed.example,
  };

  it('has the same id whenever it comes, and another one for every other fact', () => {
    const fact = factOf(event, new Date());
    expect(factOf({ ...event }, new Date(0))).toEqual(fact);
    for (const other of [{ tenant: 'other' }, { id: '2' }, { source: '/carillon/sms-sender' }])
      expect(factOf({ ...event, ...other }, new Date())!.id).not.toBe(fact!.id);
    expect(JSON.parse(fact!.body)).toEqual({
      type: 'delivery.failed',
      timestamp: '2026-11-21T09:30:01.000Z',
      data: deliveryOutcomes.failed.example,
    });
    expect(fact).toMatchObject({ event: 'delivery.failed', recipient: 'parent-17', tenant: 'shop' });
  });

  it('is of a public kind', () => {
    expect(factOf({ ...event, type: 'carillon.somebody.elses.v1' }, new Date())).toBeUndefined();
    for (const { type, key, example } of publicOutcomes.values())
      expect(factOf({ ...event, type, data: example }, new Date())!.event).toBe(key);
  });

  it('is asked for by kind, by group, or with all others', () => {
    expect(kindsOf([])).toEqual(factKinds);
    expect(kindsOf([...factGroups])).toEqual(factKinds);
    expect(kindsOf(['engagement.*', 'delivery.failed'])).toEqual([
      'delivery.failed',
      'engagement.opened',
      'engagement.clicked',
    ]);
  });
});
