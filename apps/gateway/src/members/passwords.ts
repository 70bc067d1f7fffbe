import { argon2, randomBytes, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';
import { Problem } from '@carillon/contracts';
import { z } from 'zod';

const derive = promisify(argon2);

/** OWASP's first choice for argon2id (RFC 9106): 19 MiB, two passes. */
const cost = { memory: 19_456, passes: 2, parallelism: 1 };
const saltBytes = 16;
const hashBytes = 32;
/** Libuv has four threads, and whoever wants to may try to sign in: more than this at a time would only wait for each other. */
const atOnce = 16;

/** A new password. NIST SP 800-63B: length counts, kinds of characters do not. */
export const newPasswordSchema = z
  .string()
  .min(12, 'must be at least 12 characters')
  .max(200, 'must be at most 200 characters');

let busy = 0;

/** @returns the hash in PHC form: `$argon2id$v=19$m=…,t=…,p=…$salt$hash` */
export async function hashPassword(password: string): Promise<string> {
  const salt = randomBytes(saltBytes);
  const hash = await work(password, salt, cost);
  const { memory, passes, parallelism } = cost;
  return `$argon2id$v=19$m=${memory},t=${passes},p=${parallelism}$${base64(salt)}$${base64(hash)}`;
}

/**
 * Whether it is the password. Where there is none to compare with the work is done all the same, so that nobody can tell by
 * the time it takes.
 */
export async function isPassword(password: string, stored: string | null | undefined): Promise<boolean> {
  const parsed = parse(stored);
  const { salt, hash, ...costs } = parsed ?? { salt: randomBytes(saltBytes), hash: randomBytes(hashBytes), ...cost };
  return timingSafeEqual(await work(password, salt, costs), hash) && parsed !== undefined;
}

/** Whether a password should be hashed anew when it is next known: its cost is not today's. */
export function isOutdated(stored: string): boolean {
  const parsed = parse(stored);
  return !parsed || Object.entries(cost).some(([name, value]) => parsed[name as keyof typeof cost] !== value);
}

/** @throws Problem 503 when too many are at it */
async function work(password: string, nonce: Buffer, costs: typeof cost): Promise<Buffer> {
  if (busy >= atOnce) throw Problem.unavailable('Too many people sign in at once.', 1);
  busy += 1;
  try {
    // Keyboards differ in how they write the same character.
    return await derive('argon2id', { message: password.normalize('NFKC'), nonce, tagLength: hashBytes, ...costs });
  } finally {
    busy -= 1;
  }
}

function parse(stored: string | null | undefined) {
  const [, memory, passes, parallelism, salt, hash] =
    /^\$argon2id\$v=19\$m=(\d+),t=(\d+),p=(\d+)\$([\w+/]+)\$([\w+/]{43})$/.exec(stored ?? '') ?? [];
  if (!salt || !hash) return undefined;
  return {
    memory: Number(memory),
    passes: Number(passes),
    parallelism: Number(parallelism),
    salt: Buffer.from(salt, 'base64'),
    hash: Buffer.from(hash, 'base64'),
  };
}

/** As PHC strings have it: without padding. */
function base64(bytes: Buffer): string {
  return bytes.toString('base64').replace(/=+$/, '');
}
