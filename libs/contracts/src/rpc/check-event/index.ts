import { z } from 'zod';
import { defineRpc } from '../../define.ts';
import { eventRequested, eventRequestSchema } from '../../events/event-requested/index.ts';
import { usedWordsSchema } from '../required-data/index.ts';

const request = z.object({ tenant: z.string(), event: eventRequestSchema });
const response = z.object({
  /** The catalog key that the event's type resolved to. */
  type: z.string(),
  /** All of them: a domain event type may trigger several. */
  types: z.array(z.string()),
  /** Whose words they would use; none where the event brings its own. An earlier release leaves it out. */
  words: z.array(usedWordsSchema).optional(),
});

/**
 * Would this event be accepted? Asked before the gateway publishes it, so that an integrator hears of a mistake at once.
 * Errors: 422 `unknown_type`, `unknown_category`, `invalid_data`, `unknown_recipient`, `unreachable_recipient`, `expires_before_send`.
 */
export const checkEvent = defineRpc<z.infer<typeof request>, z.infer<typeof response>>({
  name: 'preferences.events.check.v1',
  service: 'preferences',
  summary: 'Checks an event request against the catalog and the recipients.',
  request,
  response,
  example: {
    request: { tenant: 'default', event: eventRequested.example },
    response: {
      type: 'invoice_issued',
      types: ['invoice_issued'],
      words: [{ template: 'invoice_issued', channels: ['in_app', 'email', 'sms'] }],
    },
  },
});
