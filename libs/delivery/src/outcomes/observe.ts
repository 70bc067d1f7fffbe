import { experimentObserved, observationOf, type Observation } from '@carillon/contracts';
import type { Messages } from '@carillon/messaging';

/**
 * Tells the experiment that a delivery takes part in, if any, what became of it. To be called with every fact about a delivery:
 * its outcomes, opens and clicks. Telling it again carries the same event id.
 * @throws BrokerUnavailable
 */
export async function observe(
  messages: Messages,
  tenant: string,
  what: Observation,
  fact: Parameters<typeof observationOf>[1],
): Promise<void> {
  const told = observationOf(what, fact);
  if (told) await messages.publish(experimentObserved, told.observed, { tenant, id: told.id });
}
