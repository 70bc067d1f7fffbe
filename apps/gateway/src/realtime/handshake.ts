import { uuidSchema } from '@carillon/contracts';
import { z } from 'zod';

/** So many of the last ids a client may name. */
export const sinceAtMost = 100;

const tokenSchema = z.string().min(1).max(4096);
const sinceSchema = z
  .union([uuidSchema.transform((id) => [id]), z.array(uuidSchema).max(sinceAtMost)])
  .nullish()
  .transform((ids) => ids?.map((id) => id.toLowerCase()) ?? []);

/** Why a connection is refused; the code stands in `err.data.code` of the client's `connect_error`. */
export class Refusal extends Error {
  override readonly name = 'Refusal';
  readonly data: { code: RefusalCode };

  constructor(code: RefusalCode) {
    super(reasons[code]);
    this.data = { code };
  }
}

const reasons = {
  unauthorized: 'auth.token must be a valid recipient token',
  token_expired: 'The token has expired; connect with a new one',
  origin_not_allowed: 'The tenant does not allow pages of this origin; see PUT /v1/admin/origins',
  tenant_suspended: 'The tenant is suspended, or no more',
  too_many_attempts: 'Too many wrong tokens came from this address; try again in a minute',
  invalid_since: `auth.since must be the id of a notification, or a list of up to ${sinceAtMost}`,
  unavailable: 'This cannot be told right now; try again',
};
export type RefusalCode = keyof typeof reasons;

/** What a client says when it connects: its token, and the ids of the last notifications it has, latest last. @throws Refusal */
export function readHandshake(auth: unknown): { token: string; since: string[] } {
  const { token, since } = (auth ?? {}) as Record<string, unknown>;
  return { token: readToken(token), since: readSince(since) };
}

/** @throws Refusal */
export function readToken(token: unknown): string {
  const result = tokenSchema.safeParse(token);
  if (!result.success) throw new Refusal('unauthorized');
  return result.data;
}

function readSince(since: unknown): string[] {
  const result = sinceSchema.safeParse(since);
  if (!result.success) throw new Refusal('invalid_since');
  return result.data;
}
