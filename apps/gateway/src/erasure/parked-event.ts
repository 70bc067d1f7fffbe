import { recipientErased, timeOfId, uuidSchema, type DeadLetter, type Named } from '@carillon/contracts';

type Letter = Pick<DeadLetter, 'body' | 'properties'> & { parked_at: string | Date };
type Members = Record<string, unknown>;

/** What can be read of a parked message, to find out whom it is about. */
export interface ParkedEvent extends Named {
  /** When it happened, as far as can be known; Unix milliseconds. */
  at: number;
}

/**
 * Reads a parked message as leniently as it gets: a CloudEvent in its JSON, or one whose attributes are AMQP headers, or plain
 * JSON. A body that is none of these names nobody.
 */
export function parkedEvent({ body, properties, parked_at }: Letter): ParkedEvent {
  const json = parsed(body);
  const attributes = 'specversion' in json ? json : headersOf(properties);
  const data = 'specversion' in json ? json.data : json;
  // An erasure that could not be carried out is an order, not something about the person that it would have to forget.
  if (attributes.type === recipientErased.type) return { at: new Date(parked_at).getTime() };
  return { subject: attributes.subject, data, at: Math.min(...timesOf(attributes), new Date(parked_at).getTime()) };
}

/** The letter's body with other data in its place. */
export function bodyWith(body: string, data: unknown): string {
  const json = parsed(body);
  return JSON.stringify('specversion' in json ? { ...json, data } : data);
}

function parsed(body: string): Members {
  try {
    const json: unknown = JSON.parse(body);
    return typeof json === 'object' && json !== null && !Array.isArray(json) ? (json as Members) : {};
  } catch {
    return {};
  }
}

/** CloudEvents' binary mode: `cloudEvents:subject`, or with `_` where a client library cannot write the colon. */
function headersOf({ headers }: Members): Members {
  if (typeof headers !== 'object' || headers === null) return {};
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name.replace(/^cloudEvents[:_]/i, '').toLowerCase(), value]),
  );
}

/** Our own ids begin with the time of what they are about; of a domain event its own time must do. */
function timesOf({ id, source, time }: Members): number[] {
  const own = typeof source === 'string' && source.startsWith('/carillon/') && uuidSchema.safeParse(id).success;
  const times = [own ? timeOfId(id as string) : NaN, typeof time === 'string' ? Date.parse(time) : NaN];
  return times.filter((at) => !Number.isNaN(at));
}
