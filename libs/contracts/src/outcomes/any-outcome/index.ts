import { z } from 'zod';
import { defineEvent, type EventContract } from '../../define.ts';
import { deliveryOutcomes } from '../delivery-changed/index.ts';
import { engagementOutcomes } from '../engagement/index.ts';
import { notificationCreated } from '../notification-created/index.ts';
import { notificationRead } from '../notification-read/index.ts';

/** Whatever is told on the exchange of outcomes, for whoever passes it on. Of these only what somebody has asked for is heard. */
export const anyOutcome = defineEvent<unknown>({
  type: 'carillon.outcome.any.v1',
  exchange: 'outcomes',
  key: '#',
  lanes: false,
  open: true,
  onDemand: true,
  summary: 'A public fact that some tenant’s webhook wants to hear of.',
  schema: z.unknown(),
  example: deliveryOutcomes.sent.example,
});

/** Every public fact, by its CloudEvents type. */
export const publicOutcomes: ReadonlyMap<string, EventContract<any>> = new Map(
  [...Object.values(deliveryOutcomes), notificationCreated, notificationRead, ...Object.values(engagementOutcomes)].map(
    (contract) => [contract.type, contract],
  ),
);
