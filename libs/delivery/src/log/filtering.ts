import type { DeliveryFilter } from '@carillon/contracts';

/** Which rows of `deliveries` are meant, as SQL. */
export interface Filtered {
  /** Conditions without WHERE. */
  readonly where: string;
  readonly parameters: unknown[];
}

/** What each member of the filter asks of a row; `$` stands for its value. Each has an index, see the migration of the log. */
const conditions: Readonly<Record<Exclude<keyof DeliveryFilter, 'q'>, string>> = {
  status: 'status = $',
  failure: 'failure = $',
  type: 'type = $',
  category: 'category = $',
  recipient: 'recipient = $',
  notification_id: 'notification_id = $::uuid',
  destination: 'destination = $',
  provider: 'provider = $',
  // Attempts know every id that a provider has given, the delivery only the last one.
  provider_message_id: 'id IN (SELECT delivery_id FROM attempts WHERE tenant = $1 AND provider_message_id = $)',
  template: 'template_key = $',
  template_version: 'template_version = $::int',
  experiment: 'experiment = $',
  variant: 'variant = $',
  error_code: 'error_code = $',
  // An id begins with its event's time; so this reads only the partitions of that time.
  created_from: 'id >= first_id_at($)',
  created_to: 'id < first_id_at($)',
  since: 'id >= first_id_at($)',
};

const searched = `(recipient ILIKE $ OR destination ILIKE $ OR error ILIKE $ OR provider_message_id ILIKE $
  OR content ->> 'subject' ILIKE $)`;

/** The deliveries of a tenant that match a filter. The tenant is the first parameter; more can be added behind. */
export function filtered(tenant: string, { q, destination, ...filter }: DeliveryFilter): Filtered {
  const parameters: unknown[] = [tenant];
  const where = ['tenant = $1'];
  const and = (condition: string, value: unknown): void => {
    parameters.push(value);
    where.push(condition.replaceAll(/\$(?!\d)/g, `$${parameters.length}`));
  };
  for (const [name, value] of Object.entries(filter)) {
    if (value !== undefined) and(conditions[name as keyof typeof filter], value);
  }
  // As deliveries have it: numbers with "+", email addresses in small letters.
  if (destination !== undefined) and(conditions.destination, destination.trim().toLowerCase());
  if (q !== undefined) and(searched, `%${q.replaceAll(/[\\%_]/g, String.raw`\$&`)}%`);
  return { where: where.join(' AND '), parameters };
}
