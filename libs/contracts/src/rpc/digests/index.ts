import { z } from 'zod';
import { defineRpc } from '../../define.ts';
import { availableChannels, recipientIdSchema, timestampSchema, uuidSchema } from '../../words.ts';

export const digestKinds = ['digest', 'batch'] as const;

/**
 * `pending` until it is due; then `closed`: what waited in it is on its way as one message, or `empty`: there was nothing (any more)
 * to send; `replanned`: its recipient chose otherwise and what waited was decided anew; `cancelled` by an admin.
 */
export const digestStates = ['pending', 'closed', 'empty', 'replanned', 'cancelled'] as const;

/**
 * Of one that waited: `waiting`; `taken` into the message of its window; `read` or `expired` before that, and so left out;
 * `cancelled` with its window or event.
 */
export const digestItemStates = ['waiting', 'taken', 'read', 'expired', 'cancelled'] as const;

export const pendingDigestSchema = z.object({
  id: z.string(),
  /** A digest at its hour, or a batch of similar ones. */
  kind: z.enum(digestKinds),
  status: z.enum(digestStates),
  recipient: z.string(),
  channel: z.enum(availableChannels),
  /** Of a digest. */
  frequency: z.string().nullable(),
  /** Where it is for one category or type only; of a batch its type. */
  category: z.string().nullable(),
  type: z.string().nullable(),
  due_at: z.string(),
  opened_at: z.string(),
  /** When it was closed, whatever it came to. */
  closed_at: z.string().nullable(),
  /** How many wait, or were taken. */
  items: z.number().int(),
  /** What it was sent as, for `GET /v1/notifications/{id}/trace`. */
  notification_id: z.string().nullable(),
});
export type PendingDigest = z.infer<typeof pendingDigestSchema>;

export const digestDetailSchema = pendingDigestSchema.extend({
  /** In order, at most 100. */
  contents: z.array(
    z.object({
      notification_id: z.string(),
      event_id: z.string(),
      status: z.enum(digestItemStates),
      /** What they are; not kept once they have been sent. */
      type: z.string().nullable(),
      title: z.string().nullable(),
    }),
  ),
});
export type DigestDetail = z.infer<typeof digestDetailSchema>;

export const digestFilterSchema = z.strictObject({
  kind: z.enum(digestKinds).optional(),
  status: z.enum(digestStates).default('pending'),
  recipient: recipientIdSchema.optional(),
  channel: z.enum(availableChannels).optional(),
  due_from: timestampSchema.optional(),
  due_to: timestampSchema.optional(),
});
export type DigestFilter = z.infer<typeof digestFilterSchema>;

const tenant = 'default';
const example: PendingDigest = {
  id: '019aa5e5-8f00-8e00-8000-000000000007',
  kind: 'digest',
  status: 'pending',
  recipient: 'parent-17',
  channel: 'email',
  frequency: 'daily',
  category: null,
  type: null,
  due_at: '2026-11-22T05:00:00.000Z',
  opened_at: '2026-11-21T09:30:00.000Z',
  closed_at: null,
  items: 3,
  notification_id: null,
};

const listRequest = z.object({
  tenant: z.string(),
  filter: digestFilterSchema,
  limit: z.number().int().min(1).max(100),
  after: z.string().nullable(),
});
/** By due time, the next one first; those that have ended the other way round. */
export const listDigests = defineRpc<z.infer<typeof listRequest>, { data: PendingDigest[]; next: string | null }>({
  name: 'scheduler.digests.list.v1',
  service: 'scheduler',
  summary: 'A page of a tenant’s digests and batches.',
  request: listRequest,
  response: z.object({ data: z.array(pendingDigestSchema), next: z.string().nullable() }),
  example: {
    request: { tenant, filter: { status: 'pending' }, limit: 20, after: null },
    response: { data: [example], next: null },
  },
});

const oneRequest = z.object({ tenant: z.string(), id: z.string() });
const detailExample: DigestDetail = {
  ...example,
  contents: [
    {
      notification_id: '019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e',
      event_id: '019aa5e5-8f00-8a00-8000-000000000001',
      status: 'waiting',
      type: 'invoice_issued',
      title: 'Invoice INV-1001',
    },
  ],
};
/** Errors: 404. */
export const getDigest = defineRpc<z.infer<typeof oneRequest>, DigestDetail>({
  name: 'scheduler.digests.get.v1',
  service: 'scheduler',
  summary: 'One digest or batch with what waits in it.',
  request: oneRequest,
  response: digestDetailSchema,
  example: { request: { tenant, id: example.id }, response: detailExample },
});

/** Nothing of it is sent; what comes later opens another one. Errors: 404; 409 `digest_ended` when it is too late. */
export const cancelDigest = defineRpc<z.infer<typeof oneRequest>, PendingDigest>({
  name: 'scheduler.digests.cancel.v1',
  service: 'scheduler',
  summary: 'Cancels a pending digest or batch.',
  request: oneRequest,
  response: pendingDigestSchema,
  example: { request: { tenant, id: example.id }, response: { ...example, status: 'cancelled' } },
});

/** Errors: 404; 409 `digest_ended` when it is too late. */
export const runDigest = defineRpc<z.infer<typeof oneRequest>, PendingDigest>({
  name: 'scheduler.digests.run.v1',
  service: 'scheduler',
  summary: 'Sends a pending digest or batch now.',
  request: oneRequest,
  response: pendingDigestSchema,
  example: { request: { tenant, id: example.id }, response: example },
});

export const tracedDigestSchema = z.object({
  /** Of the digest or batch. */
  id: z.string(),
  kind: z.enum(digestKinds),
  channel: z.enum(availableChannels),
  status: z.enum(digestStates),
  /** What became of the notification in it. */
  item: z.enum(digestItemStates),
  due_at: z.string(),
  closed_at: z.string().nullable(),
  /** What it was sent as: where its deliveries are found. */
  notification_id: z.string().nullable(),
});
export type TracedDigest = z.infer<typeof tracedDigestSchema>;

const traceRequest = z.object({ tenant: z.string(), notification_id: uuidSchema });
/** In which digests and batches a notification waits or was sent, one for each channel at most. */
export const traceDigests = defineRpc<z.infer<typeof traceRequest>, { data: TracedDigest[] }>({
  name: 'scheduler.digests.trace.v1',
  service: 'scheduler',
  summary: 'The digests and batches that a notification waits in or was sent with.',
  request: traceRequest,
  response: z.object({ data: z.array(tracedDigestSchema) }),
  example: {
    request: { tenant, notification_id: '019aa5e5-8f00-8b1c-9d2e-3f4a5b6c7d8e' },
    response: {
      data: [
        {
          id: example.id,
          kind: 'digest',
          channel: 'email',
          status: 'pending',
          item: 'waiting',
          due_at: example.due_at,
          closed_at: null,
          notification_id: null,
        },
      ],
    },
  },
});
