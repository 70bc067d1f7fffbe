import { Problem } from '@carillon/contracts';

/** Visible ASCII without `"` and `\`, so that a key reads the same with and without quotation marks. */
const keyPattern = /^(?:"([!#-[\]-~]{1,255})"|([!#-[\]-~]{1,255}))$/;

/**
 * Reads the header `Idempotency-Key` (draft-ietf-httpapi-idempotency-key-header: a string in quotation marks). Most clients
 * leave the marks out, so both are taken, and mean the same key.
 *
 * @throws Problem 400 `invalid_idempotency_key`
 */
export function readIdempotencyKey(header: string): string {
  const [, quoted, bare] = keyPattern.exec(header.trim()) ?? [];
  const key = quoted ?? bare;
  if (key !== undefined) return key;
  throw invalidIdempotencyKey();
}

/** 400 */
export function invalidIdempotencyKey(): Problem {
  return new Problem({
    status: 400,
    code: 'invalid_idempotency_key',
    title: 'The Idempotency-Key is not valid',
    detail:
      'Send one key of 1 to 255 visible ASCII characters without spaces, backslashes and quotation marks inside, such as a UUID.',
  });
}
