import { tenantSchema } from '@carillon/contracts';
import { z } from 'zod';

/** That a tenant may have to do with exchanges of these names. */
export interface ExchangePermit {
  /** `*` for every tenant. */
  tenant: string;
  /** Name of an exchange, in which `*` stands for anything. */
  exchange: string;
}

/** A list such as `school=studio.*,shop=shop,*=amq.topic`; not given, every tenant may name every foreign exchange. */
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

export interface ExchangeRules {
  /** First part of the names of Carillon's own exchanges. */
  prefix: string;
  /** Not given: everything that is not Carillon's. */
  permits?: readonly ExchangePermit[];
}

/**
 * Why a tenant may not name an exchange; undefined when it may. Carillon's own never: bound, they would show one tenant the events
 * of all, and published to, they would be a way around the front door.
 */
export function whyForbidden(tenant: string, exchange: string, { prefix, permits }: ExchangeRules): string | undefined {
  if (exchange === '') return 'the default exchange cannot be named; name the exchange of the domain service';
  if (exchange === prefix || exchange.startsWith(`${prefix}.`))
    return `"${exchange}" is Carillon’s own: what is published to ${prefix}.events arrives without a source`;
  if (Buffer.byteLength(exchange) > 255) return 'must be at most 255 bytes long';
  if (permits && !permits.some((permit) => isPermitted(permit, tenant, exchange)))
    return `tenant "${tenant}" may not name "${exchange}"; the setting SOURCE_EXCHANGES says what it may`;
  return undefined;
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
