import { createCipheriv, createDecipheriv, hash, hkdfSync, randomBytes } from 'node:crypto';
import { z } from 'zod';

/** A key of AES-256 with the name that stands in what it sealed. */
export interface SecretsKey {
  readonly id: string;
  readonly bytes: Buffer;
}

const keyPattern = /^[a-z0-9][a-z0-9-]{0,31}$/;

/** The setting of every service that seals or opens secrets; give its value to {@link secretBox}. */
export const secretsConfig = z.object({
  SECRETS_KEY: z
    .string()
    .transform((text, context): readonly SecretsKey[] => {
      const keys = text.split(',').map(parseKey);
      const known = keys.filter((key) => key !== undefined);
      // The value is a secret, so the message does not repeat it.
      if (known.length < keys.length || new Set(known.map(({ id }) => id)).size < known.length) {
        context.addIssue({
          code: 'custom',
          message:
            'must be name:key pairs separated by commas, the newest first; make a key with: openssl rand -hex 32',
        });
        return z.NEVER;
      }
      return known;
    })
    .optional()
    .describe(
      'Keys that seal the secrets of providers, such as 2026:<64 hex digits>; to rotate, put a new one in front and keep the old one until all senders have started once. Unset: a key derived from CARILLON_SECRET',
    ),
});

function parseKey(text: string): SecretsKey | undefined {
  const [, id, hex] = /^\s*([^:]+):([0-9a-f]{64})\s*$/i.exec(text) ?? [];
  return id && hex && keyPattern.test(id) ? { id, bytes: Buffer.from(hex, 'hex') } : undefined;
}

/** What was sealed cannot be opened: its key is not there, or it was sealed for something else. */
export class SecretUnreadable extends Error {
  override readonly name = 'SecretUnreadable';
}

/**
 * Keeps secrets that must be read again (unlike passwords of people, which are hashed): AES-256-GCM with a random nonce. What a
 * secret belongs to is authenticated with it, so that nobody who can write rows makes one tenant's secret another's.
 */
export class SecretBox {
  /** @param keys the first seals, all of them open */
  constructor(private readonly keys: readonly [SecretsKey, ...SecretsKey[]]) {}

  /** @param owner what the secret belongs to: tenant, provider, field */
  seal(secret: string, owner: readonly string[]): string {
    const [{ id, bytes }] = this.keys;
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', bytes, nonce).setAAD(associated(owner));
    const sealed = Buffer.concat([nonce, cipher.update(secret, 'utf8'), cipher.final(), cipher.getAuthTag()]);
    return `s1.${id}.${sealed.toString('base64url')}`;
  }

  /** @throws SecretUnreadable */
  open(sealed: string, owner: readonly string[]): string {
    const [version, id, text] = sealed.split('.');
    const key = this.keys.find((known) => known.id === id);
    if (version !== 's1' || !key)
      throw new SecretUnreadable(`it was sealed with the key ${id}, which SECRETS_KEY lacks`);
    const bytes = Buffer.from(text ?? '', 'base64url');
    try {
      const decipher = createDecipheriv('aes-256-gcm', key.bytes, bytes.subarray(0, 12)).setAAD(associated(owner));
      decipher.setAuthTag(bytes.subarray(-16));
      return Buffer.concat([decipher.update(bytes.subarray(12, -16)), decipher.final()]).toString('utf8');
    } catch {
      throw new SecretUnreadable(`it was not sealed with this key ${id} or not for this owner`);
    }
  }

  /** The name of the newest key. */
  get keyId(): string {
    return this.keys[0].id;
  }

  /** Whether it was sealed with the newest key. */
  isCurrent(sealed: string): boolean {
    return sealed.startsWith(`s1.${this.keys[0].id}.`);
  }
}

/** Unambiguous whatever the parts contain. */
function associated(owner: readonly string[]): Buffer {
  return Buffer.from(JSON.stringify(owner));
}

/** The box of an installation: with its own keys, or with one derived from the installation's secret. */
export function secretBox({
  SECRETS_KEY = [],
  CARILLON_SECRET,
  FORMER_SECRETS = [],
}: {
  SECRETS_KEY?: readonly SecretsKey[];
  CARILLON_SECRET: string;
  FORMER_SECRETS?: readonly string[];
}): SecretBox {
  // Kept among the keys: what was sealed before the first SECRETS_KEY can still be opened, and is then sealed anew.
  const [first, ...others] = [...SECRETS_KEY, ...[CARILLON_SECRET, ...FORMER_SECRETS].map(derivedKey)];
  return new SecretBox([first!, ...others]);
}

function derivedKey(secret: string): SecretsKey {
  const bytes = Buffer.from(hkdfSync('sha256', secret, '', 'secrets of providers', 32));
  return { id: `installation-${hash('sha256', bytes).slice(0, 8)}`, bytes };
}
