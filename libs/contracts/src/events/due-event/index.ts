import { z } from 'zod';
import { defineEvent } from '../../define.ts';
import { domainEvent } from '../domain-event/index.ts';

/** What a timer kept comes back by a door of its own: very many that are due at once must not stand before what happens now. */
export const dueEvent = defineEvent<unknown>({
  type: 'due.event',
  exchange: 'due',
  key: '#',
  lanes: false,
  open: true,
  inHand: 1,
  summary: 'The time of an event has come that a timer kept, as it was published.',
  schema: z.unknown(),
  example: domainEvent.example,
});
