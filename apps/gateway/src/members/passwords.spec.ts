import { expect, it } from '@jest/globals';
import fc from 'fast-check';
import { hashPassword, isOutdated, isPassword } from './passwords.ts';

it('a password is known by its hash, and no other one is', async () => {
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1 }), fc.string(), async (password, other) => {
      const stored = await hashPassword(password);
      expect(await isPassword(password, stored)).toBe(true);
      expect(await isPassword(other, stored)).toBe(other.normalize('NFKC') === password.normalize('NFKC'));
    }),
    { numRuns: 10 },
  );
});

it('the same password has another hash each time, and keyboards may write it differently', async () => {
  const [first, second] = [await hashPassword('caf\u00e9 au lait'), await hashPassword('caf\u00e9 au lait')];
  expect(first).not.toBe(second);
  expect(await isPassword('cafe\u0301 au lait', first)).toBe(true);
});

it('what is no hash is nobody’s password', async () => {
  for (const stored of [undefined, null, '', '$argon2id$v=19$m=1,t=1,p=1$$', 'plain text'])
    expect(await isPassword('plain text', stored)).toBe(false);
});

it('a hash of another cost is outdated, and is still known', async () => {
  const { argon2Sync } = await import('node:crypto');
  const nonce = Buffer.from('somesalt-16bytes');
  const hash = argon2Sync('argon2id', {
    message: 'password',
    nonce,
    parallelism: 1,
    tagLength: 32,
    memory: 64,
    passes: 1,
  });
  const bare = (bytes: Buffer) => bytes.toString('base64').replace(/=+$/, '');
  const stored = `$argon2id$v=19$m=64,t=1,p=1$${bare(nonce)}$${bare(hash)}`;
  expect(await isPassword('password', stored)).toBe(true);
  expect(isOutdated(stored)).toBe(true);
  expect(isOutdated(await hashPassword('password'))).toBe(false);
});

it('too many at a time are sent away instead of waiting for each other', async () => {
  const outcomes = await Promise.allSettled(Array.from({ length: 20 }, () => hashPassword('password')));
  const refused = outcomes.filter(({ status }) => status === 'rejected');
  expect(refused).toHaveLength(4);
  expect(refused[0]).toMatchObject({ reason: { status: 503, retry_after: 1 } });
});
