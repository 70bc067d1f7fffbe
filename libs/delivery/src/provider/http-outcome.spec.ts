import { describe, expect, it } from '@jest/globals';
import { noAnswer, refusedWith, retryAfterSeconds } from './http-outcome.ts';

describe('An HTTP status', () => {
  it.each<[number, string | undefined, object]>([
    [400, undefined, { kind: 'permanent', technical: false }],
    [401, undefined, { kind: 'retryable', technical: true }],
    [404, undefined, { kind: 'permanent', technical: true }],
    [302, undefined, { kind: 'permanent', technical: true }],
    [429, '30', { kind: 'throttled', retryAfterSeconds: 30 }],
    [429, undefined, { kind: 'throttled', retryAfterSeconds: undefined }],
    [500, undefined, { kind: 'retryable' }],
    [503, undefined, { kind: 'retryable' }],
    [503, '120', { kind: 'throttled', retryAfterSeconds: 120 }],
    [504, undefined, { kind: 'uncertain' }],
  ])('%d with Retry-After %s', (status, retryAfter, outcome) => {
    expect(refusedWith('Vendor', status, retryAfter)).toMatchObject(outcome);
  });
});

describe('A request without an answer', () => {
  it('was not sent when no byte left or no connection was made', () => {
    expect(noAnswer('Vendor', 'ECONNRESET', false).kind).toBe('retryable');
    expect(noAnswer('Vendor', 'ECONNREFUSED', true).kind).toBe('retryable');
    expect(noAnswer('Vendor', 'CERT_HAS_EXPIRED', true)).toMatchObject({ kind: 'retryable', technical: true });
  });
  it('may have been sent otherwise', () => {
    expect(noAnswer('Vendor', 'ECONNRESET', true).kind).toBe('uncertain');
    expect(noAnswer('Vendor', 'ETIMEDOUT', true).kind).toBe('uncertain');
  });
});

describe('Retry-After', () => {
  it('is seconds or a date', () => {
    expect(retryAfterSeconds('17', 0)).toBe(17);
    expect(retryAfterSeconds('Thu, 01 Jan 1970 00:01:00 GMT', 15_000)).toBe(45);
    expect(retryAfterSeconds('Thu, 01 Jan 1970 00:01:00 GMT', 90_000)).toBe(0);
    expect(retryAfterSeconds('soon', 0)).toBeUndefined();
    expect(retryAfterSeconds(undefined, 0)).toBeUndefined();
  });
});
