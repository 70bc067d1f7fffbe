import { z } from 'zod';
import { defineRpc } from '../../define.ts';
import { eventRequested, eventRequestFields } from '../../events/event-requested/index.ts';
import { refuseUnstorable } from '../../validate.ts';
import { notificationRouted, notificationRoutedSchema } from '../../pipeline/notification-routed/index.ts';
import { decisionSchema, getDecision } from '../decisions/index.ts';
import { usedWordsSchema } from '../required-data/index.ts';

/**
 * The body of `POST /v1/events/dry-run`: an event request, or, without recipients, a domain event, whose recipients the catalog's
 * `to` finds.
 */
export const dryRunRequestSchema = z
  .strictObject({
    ...eventRequestFields,
    /** CloudEvents attributes of a domain event. */
    subject: z.string().min(1).max(1024).optional(),
    source: z.string().min(1).max(1024).optional(),
  })
  .refine(({ recipients, audience }) => recipients === undefined || audience === undefined, {
    path: ['recipients'],
    message: 'name either recipients or an audience',
  })
  .refine((request) => request.type !== undefined || request.content !== undefined, {
    path: ['type'],
    message: 'is required unless content is given',
  })
  .superRefine(refuseUnstorable);
export type DryRunRequest = z.infer<typeof dryRunRequestSchema>;

/** How many recipients of an event a dry run decides at most. */
export const dryRunSample = 20;

export const dryRunSchema = z.object({
  /** Catalog keys of the types that the event means. */
  types: z.array(z.string()),
  /** Whose words they would use, as {@link checkEvent} says it. */
  words: z.array(usedWordsSchema).optional(),
  /** Types whose `when` did not hold. */
  skipped: z.array(z.string()),
  /** How many notifications it would become. */
  notifications_total: z.number().int(),
  /** The decisions for the first 20 of them. */
  notifications: z.array(
    decisionSchema.omit({ event_id: true, event_type: true, event_source: true, created_at: true }).extend({
      /** What would go to the renderer; null when no channel is sent to. */
      routed: notificationRoutedSchema.nullable(),
    }),
  ),
});
export type DryRun = z.infer<typeof dryRunSchema>;

const request = z.object({ tenant: z.string(), event: dryRunRequestSchema });
const {
  event_id: _id,
  event_type: _type,
  event_source: _source,
  created_at: _at,
  ...decision
} = getDecision.example.response;

/**
 * What an event would become, decided by the same function and without any effect.
 * Errors: those of {@link checkEvent}, and 422 `expression_failed`, `no_recipient`.
 */
export const dryRunEvent = defineRpc<z.infer<typeof request>, DryRun>({
  name: 'preferences.events.dry_run.v1',
  service: 'preferences',
  summary: 'The decisions that an event would lead to, without effect.',
  request,
  response: dryRunSchema,
  example: {
    request: { tenant: 'default', event: eventRequested.example },
    response: {
      types: ['invoice_issued'],
      words: [{ template: 'invoice_issued', channels: ['in_app', 'email', 'sms'] }],
      skipped: [],
      notifications_total: 1,
      notifications: [{ ...decision, routed: notificationRouted.example }],
    },
  },
});
