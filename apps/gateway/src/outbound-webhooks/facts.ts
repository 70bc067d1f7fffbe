import { defaultTenant, publicOutcomes, uuidv8, type CloudEvent } from '@carillon/contracts';

/** What an endpoint may ask for: `delivery.failed`, … */
export const factKinds: readonly string[] = [...publicOutcomes.values()].map(({ key }) => key);
/** Their groups: `delivery.*`. */
export const factGroups: readonly string[] = [...new Set(factKinds.map((kind) => `${kind.split('.')[0]!}.*`))];

/** The kinds that a wish stands for; none wished: all. */
export function kindsOf(events: readonly string[]): readonly string[] {
  if (events.length === 0) return factKinds;
  return factKinds.filter((kind) => events.includes(kind) || events.includes(`${kind.split('.')[0]!}.*`));
}

/** A fact as it is told. */
export interface Fact {
  tenant: string;
  /** The same whenever the fact comes again. */
  id: string;
  event: string;
  recipient: string | null;
  body: string;
  /** RFC 3339 */
  created_at: string;
}

/**
 * What is told of an outcome: its kind, its time and its data, in which there is neither an address nor a word of the message.
 * @param now for an outcome that does not say when it happened
 * @returns undefined for what is no public fact
 */
export function factOf(
  { type, tenant = defaultTenant, source, id, time, data }: CloudEvent,
  now: Date,
): Fact | undefined {
  const kind = publicOutcomes.get(type)?.key;
  if (kind === undefined) return undefined;
  const happened = time === undefined ? now : new Date(time);
  const created_at = happened.toISOString();
  const { recipient } = data as { recipient?: unknown };
  return {
    tenant,
    id: uuidv8(happened.getTime(), 'webhook message', tenant, source, id),
    event: kind,
    recipient: typeof recipient === 'string' ? recipient : null,
    body: payloadOf(kind, created_at, data),
    created_at,
  };
}

/** The body of a message, as Standard Webhooks recommend. */
export function payloadOf(type: string, timestamp: string, data: unknown): string {
  return JSON.stringify({ type, timestamp, data });
}
