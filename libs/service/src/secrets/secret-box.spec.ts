import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { readConfig } from '../config.ts';
import { SecretBox, secretBox, secretsConfig, SecretUnreadable } from './secret-box.ts';

const key = (id: string, byte: number) => ({ id, bytes: Buffer.alloc(32, byte) });
const owner = ['school', 'sms', 'twilio', 'auth_token'];

describe('A secret box', () => {
  it('opens what it sealed, whatever it is, and never seals it the same way twice', () => {
    const box = new SecretBox([key('2026', 1)]);
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.array(fc.string()), (secret, owner) => {
        const sealed = box.seal(secret, owner);
        expect(box.open(sealed, owner)).toBe(secret);
        expect(box.seal(secret, owner)).not.toBe(sealed);
      }),
    );
  });

  it('opens nothing that was sealed for another owner, however the parts are cut', () => {
    const box = new SecretBox([key('2026', 1)]);
    const sealed = box.seal('hunter2', owner);
    for (const other of [['shop', 'sms', 'twilio', 'auth_token'], ['schoolsms', '', 'twilio', 'auth_token'], []]) {
      expect(() => box.open(sealed, other)).toThrow(SecretUnreadable);
    }
  });

  it('opens nothing that was changed', () => {
    const box = new SecretBox([key('2026', 1)]);
    const [version, id, text] = box.seal('hunter2', owner).split('.');
    const bytes = Buffer.from(text!, 'base64url');
    for (let at = 0; at < bytes.length; at += 1) {
      const changed = Buffer.from(bytes);
      changed[at]! ^= 1;
      expect(() => box.open(`${version}.${id}.${changed.toString('base64url')}`, owner)).toThrow(SecretUnreadable);
    }
    for (const nonsense of ['', 's1', 's1.2026', 's1.2026.', 's2.2026.AAAA', 'hunter2']) {
      expect(() => box.open(nonsense, owner)).toThrow(SecretUnreadable);
    }
  });

  it('opens with an old key and seals with the new one, and says which key is missing', () => {
    const before = new SecretBox([key('2025', 1)]);
    const rotating = new SecretBox([key('2026', 2), key('2025', 1)]);
    const after = new SecretBox([key('2026', 2)]);
    const old = before.seal('hunter2', owner);
    expect(rotating.open(old, owner)).toBe('hunter2');
    expect([rotating.isCurrent(old), rotating.isCurrent(rotating.seal('x', owner))]).toEqual([false, true]);
    expect(after.open(rotating.seal('hunter2', owner), owner)).toBe('hunter2');
    expect(() => after.open(old, owner)).toThrow('sealed with the key 2025, which SECRETS_KEY lacks');
  });
});

describe('SECRETS_KEY', () => {
  const common = {
    DATABASE_URL: 'postgres://x@127.0.0.1/x',
    AMQP_URL: 'amqp://127.0.0.1',
    CARILLON_SECRET: 'x'.repeat(32),
  };
  const read = (SECRETS_KEY?: string) => readConfig(secretsConfig, { ...common, SECRETS_KEY });

  it('may be left out, and set later', () => {
    const sealed = secretBox(read()).seal('hunter2', owner);
    const later = secretBox(read(`2026:${'ab'.repeat(32)}`));
    expect(later.open(sealed, owner)).toBe('hunter2');
    expect(later.isCurrent(sealed)).toBe(false);
  });

  it.each(['short', `2026:${'ab'.repeat(31)}`, `:${'ab'.repeat(32)}`, `a:${'ab'.repeat(32)},a:${'cd'.repeat(32)}`])(
    'is not %s, and is not repeated',
    (text) => {
      expect(() => read(text)).toThrow(/SECRETS_KEY must be name:key pairs/);
      expect(() => read(text)).not.toThrow(text);
    },
  );
});
