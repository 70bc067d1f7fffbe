import { tenantSchema, type CatalogSource, type FieldError } from '@carillon/contracts';
import { z } from 'zod';

/** That a tenant may bind exchanges of these names. */
export interface ExchangePermit {
  /** `*` for every tenant. */
  tenant: string;
  /** Name of an exchange, in which `*` stands for anything. */
  exchange: string;
}

/** A list such as `school=studio.*,shop=shop,*=amq.topic`; not given, every tenant may bind every foreign exchange. */
export const exchangePermitsSchema = z
  .string()
  .transform((list, context): ExchangePermit[] =>
    list.split(',').flatMap((entry) => {
      const [, tenant, exchange] = /^\s*([^=\s]+)\s*=\s*(.*\S)\s*$/.exec(entry) ?? [];
      if (exchange && (tenant === '*' || tenantSchema.safeParse(tenant).success)) return { tenant: tenant!, exchange };
      context.addIssue({
        code: 'custom',
        message: `must be a list of tenant=exchange, such as school=studio.*,*=amq.topic; "${entry.trim()}" is not`,
      });
      return [];
    }),
  )
  .optional();

export interface SourceRules {
  /** First part of the names of Carillon's own exchanges. */
  prefix: string;
  /** Not given: everything that is not Carillon's. */
  permits?: readonly ExchangePermit[];
}

/** Why a tenant may not have this source: each mistake with its path within the source. None when it may. */
export function sourceMistakes(tenant: string, source: CatalogSource, { prefix, permits }: SourceRules): FieldError[] {
  const { exchange, routing_keys = [] } = source;
  const mistakes: FieldError[] = [];
  const wrong = (path: string, message: string) => mistakes.push({ path, message });
  if (exchange === '')
    wrong('exchange', 'the default exchange cannot be bound; name the exchange of the domain service');
  else if (exchange === prefix || exchange.startsWith(`${prefix}.`))
    wrong(
      'exchange',
      `"${exchange}" is Carillon’s own: what is published to ${prefix}.events arrives without a source`,
    );
  else if (Buffer.byteLength(exchange) > 255) wrong('exchange', 'must be at most 255 bytes long');
  else if (permits && !permits.some((permit) => isPermitted(permit, tenant, exchange)))
    wrong('exchange', `tenant "${tenant}" may not bind "${exchange}"; the setting SOURCE_EXCHANGES says what it may`);
  for (const [index, key] of routing_keys.entries())
    if (Buffer.byteLength(key) > 255) wrong(`routing_keys[${index}]`, 'must be at most 255 bytes long');
  return mistakes;
}

function isPermitted(permit: ExchangePermit, tenant: string, exchange: string): boolean {
  if (permit.tenant !== '*' && permit.tenant !== tenant) return false;
  const [first, ...rest] = permit.exchange.split('*') as [string, ...string[]];
  if (rest.length === 0) return exchange === first;
  const last = rest.pop()!;
  if (exchange.length < first.length + last.length) return false;
  if (!exchange.startsWith(first) || !exchange.endsWith(last)) return false;
  // What stands between the stars, each as early as it can be.
  let at = first.length;
  for (const part of rest) {
    const found = exchange.indexOf(part, at);
    if (found < 0 || found + part.length > exchange.length - last.length) return false;
    at = found + part.length;
  }
  return true;
}
