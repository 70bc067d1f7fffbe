import { z } from 'zod';
import { defineEvent, type EventContract } from '../../define.ts';
import type { SentChannel } from '../../rpc/deliveries/index.ts';
import { suppressionReasons } from '../../rpc/suppressions/index.ts';
import { timestampSchema } from '../../words.ts';

export const suppressionChangedSchema = z.object({
  /** Canonical, as deliveries have it. */
  address: z.string(),
  /** Why nothing is sent there; null: it may be written to. */
  reason: z.enum(suppressionReasons).nullable(),
  /** Since when; what is older says nothing any more. */
  at: timestampSchema,
});
export type SuppressionChanged = z.infer<typeof suppressionChangedSchema>;

function changedOn(channel: SentChannel): EventContract<SuppressionChanged> {
  return defineEvent<SuppressionChanged>({
    type: `carillon.suppression.${channel}.changed.v1`,
    exchange: 'pipeline',
    key: `suppression.${channel}.changed`,
    lanes: false,
    summary: `Whether an address may be written to (${channel}): for deliveries that were decided before.`,
    schema: suppressionChangedSchema,
    example: { address: 'gone@example.org', reason: 'hard_bounce', at: '2026-11-21T09:31:00.000Z' },
  });
}

/** Told to the sender of the channel, which has deliveries on their way when an address is suppressed. */
export const suppressionChanges = { email: changedOn('email'), sms: changedOn('sms') } as const;
