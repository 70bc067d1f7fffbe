import { deadLetter, defaultTenant, tenantSchema, type CloudEvent, type DeadLetter } from '@carillon/contracts';
import { unpackedLetter, type Origin } from '@carillon/messaging';

/** A dead letter as it is kept: with its tenant, so that each tenant's admins see their own. */
export interface KeptDeadLetter extends DeadLetter {
  tenant: string;
  id: string;
}

/**
 * What arrived at the dead-letter queue: a letter that a stage parked with its reason, or a message that the broker put
 * there itself because its consumer died over it again and again (`x-death`,
 * https://www.rabbitmq.com/docs/dlx#effects).
 *
 * @param id for a message that the broker parked
 * @param now RFC 3339
 */
export function deadLetterOf(
  event: CloudEvent,
  { headers, exchange, routingKey }: Origin,
  id: string,
  now: string,
): KeptDeadLetter {
  if (event.type === deadLetter.type) {
    const letter = unpackedLetter(event.data as DeadLetter);
    return { ...withoutNul(letter), tenant: tenantOf(letter), id: event.id };
  }
  const [death] = (headers['x-death'] ?? []) as {
    queue?: string;
    reason?: string;
    count?: number;
    exchange?: string;
    'routing-keys'?: string[];
  }[];
  return {
    tenant: event.tenant ?? defaultTenant,
    id,
    stage: death?.queue ?? exchange,
    error: `RabbitMQ gave the message up (${death?.reason ?? 'dead-lettered'}): its consumer died over it again and again`,
    attempts: Number(death?.count ?? 1),
    parked_at: now,
    exchange: death?.exchange ?? exchange,
    routing_key: death?.['routing-keys']?.[0] ?? routingKey,
    properties: {},
    body: JSON.stringify(event),
    body_encoding: 'utf8',
  };
}

/** The tenant that the message itself names; what cannot be read belongs to the default one. */
function tenantOf({ body }: DeadLetter): string {
  try {
    const { tenant } = JSON.parse(body) as { tenant?: unknown };
    return tenantSchema.parse(tenant);
  } catch {
    return defaultTenant;
  }
}

/** PostgreSQL stores every character but NUL, which a message that is no text is likely to have. */
function withoutNul<T>(value: T): T {
  if (typeof value === 'string') return value.replaceAll('\0', '\uFFFD') as T;
  if (Array.isArray(value)) return value.map(withoutNul) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [withoutNul(name), withoutNul(member)])) as T;
}
