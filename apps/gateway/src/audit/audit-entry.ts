import { z } from 'zod';

export const outcomes = ['started', 'done', 'refused', 'failed'] as const;

const time = z.iso.datetime();

export const auditEntrySchema = z.object({
  id: z.uuid(),
  seq: z.number().int().describe('Its place in the tenant’s log.'),
  at: time.describe('When it began, by the database’s clock.'),
  ended_at: time.nullable(),
  outcome: z
    .enum(outcomes)
    .describe(
      '`started`: nobody knows how it ended, because the gateway was ended in the middle. `refused`: answered with 4xx. `failed`: with 5xx; it may have been done all the same.',
    ),
  status: z.number().int().nullable().describe('The HTTP status that it was answered with.'),
  code: z.string().nullable().describe('The `code` of the problem that it was answered with.'),
  actor: z.object({
    kind: z.enum(['api_key', 'member', 'system']),
    id: z.string().nullable(),
    name: z.string(),
    role: z.string().nullable().describe('The role of a member; the scopes of an API key.'),
  }),
  action: z.string(),
  target: z.string(),
  ip: z.string().nullable(),
  request_id: z.string().nullable().describe('The trace of the request, as the logs of all services have it.'),
  input: z.unknown().describe('What was asked for.'),
  before: z.unknown().describe('What it changed, as it was before; `null` where there was nothing.'),
  after: z.unknown().describe('The same as it is since.'),
});
export type AuditEntry = z.infer<typeof auditEntrySchema>;

/** Who acts. */
export type Actor = AuditEntry['actor'];

/** What is known before anything is done. */
export interface Begun {
  tenant: string;
  actor: Actor;
  action: string;
  target: string;
  ip: string | null;
  request_id: string | null;
  input: unknown;
}

/** How it ended. */
export interface Ended {
  status: number;
  code?: string | null;
  /** Of what it created, which had no name before. */
  target?: string | null;
  before?: unknown;
  after?: unknown;
}
