import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { canonical, fingerprints, seal, unseal, type KeyedRequest } from './asked.ts';
import { readIdempotencyKey } from './idempotency-key.ts';

const request: KeyedRequest = {
  tenant: 'school',
  recipient: '',
  route: 'POST /v1/events',
  url: '/v1/events',
  key: 'invoice-17',
  body: { type: 'invoice_issued', recipients: ['amina'] },
};

describe('What a request with a key is', () => {
  const of = fingerprints('a secret');

  it('does not depend on how its JSON is written', () => {
    const shuffled = (value: unknown): unknown => {
      if (Array.isArray(value)) return value.map(shuffled);
      if (typeof value !== 'object' || value === null) return value;
      return Object.fromEntries(
        Object.entries(value)
          .reverse()
          .map(([name, member]) => [name, shuffled(member)]),
      );
    };
    fc.assert(
      fc.property(fc.jsonValue(), (body) => {
        expect(canonical(shuffled(body))).toBe(canonical(body));
        expect(JSON.parse(canonical(body))).toEqual(JSON.parse(JSON.stringify(body)));
      }),
    );
  });

  it('depends on every part of it; the place of its answer on all but the body and the rest of the URL', () => {
    const asked = of(request);
    for (const [part, other, samePlace] of [
      ['tenant', 'shop', false],
      ['recipient', 'amina', false],
      ['route', 'POST /v1/events/bulk', false],
      ['key', 'invoice-18', false],
      ['url', '/v1/events?x=1', true],
      ['body', { type: 'invoice_issued', recipients: ['bo'] }, true],
    ] as const) {
      const changed = of({ ...request, [part]: other });
      expect([part, changed.request.equals(asked.request), changed.key.equals(asked.key)]).toEqual([
        part,
        false,
        samePlace,
      ]);
    }
    expect(of({ ...request, tenant: 'schoo', recipient: 'l' }).key).not.toEqual(asked.key);
  });

  it('is needed to read its answer', () => {
    const answer = { status: 202, type: 'application/json', body: '{"id":"ä"}' };
    const asked = of(request);
    expect(unseal(seal(answer, asked.seal), asked.seal)).toEqual(answer);
    expect(() => unseal(seal(answer, asked.seal), of({ ...request, body: {} }).seal)).toThrow();
    expect(() => unseal(seal(answer, asked.seal), fingerprints('another secret')(request).seal)).toThrow();
  });
});

describe('An Idempotency-Key', () => {
  it('is the same with and without quotation marks', () => {
    for (const key of ['8e03978e-40d5-43dd-bc93-6894a57f9324', 'a', "it's/~order#17", 'x'.repeat(255)])
      expect([readIdempotencyKey(key), readIdempotencyKey(`"${key}"`), readIdempotencyKey(` ${key} `)]).toEqual([
        key,
        key,
        key,
      ]);
  });

  it.each(['', '""', '"', 'a b', 'a"b', '"a', 'a\\b', 'ä', 'a\u0000', 'x'.repeat(256), 'a, b'])('is not %j', (key) => {
    expect(() => readIdempotencyKey(key)).toThrow(
      expect.objectContaining({ status: 400, code: 'invalid_idempotency_key' }),
    );
  });
});
