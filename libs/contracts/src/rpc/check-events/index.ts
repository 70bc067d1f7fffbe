import { z } from 'zod';
import { defineRpc } from '../../define.ts';
import { eventRequestSchema } from '../../events/event-requested/index.ts';
import { checkEvent } from '../check-event/index.ts';

/** How many events one call may bring. */
export const eventsAtOnce = 1000;

const request = z.object({ tenant: z.string(), events: z.array(eventRequestSchema).max(eventsAtOnce) });
const problemSchema = z.object({
  status: z.number().int(),
  code: z.string(),
  title: z.string(),
  detail: z.string().optional(),
  errors: z.array(z.object({ path: z.string(), message: z.string() })).optional(),
});
const response = z.object({
  /** In the order of the events: the catalog keys of its types, or why it would not be accepted. */
  results: z.array(z.union([checkEvent.response, problemSchema])),
});

/** Which of these events would be accepted? */
export const checkEvents = defineRpc<z.infer<typeof request>, z.infer<typeof response>>({
  name: 'preferences.events.check_many.v1',
  service: 'preferences',
  summary: 'Checks many event requests against the catalog and the recipients.',
  request,
  response,
  example: {
    request: { tenant: 'default', events: [checkEvent.example.request.event] },
    response: { results: [checkEvent.example.response] },
  },
});
