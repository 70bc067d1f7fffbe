import type { CatalogSource, FieldError } from '@carillon/contracts';
import { whyForbidden, type ExchangeRules } from '@carillon/messaging';

/** Why a tenant may not have this source: each mistake with its path within the source. None when it may. */
export function sourceMistakes(tenant: string, source: CatalogSource, rules: ExchangeRules): FieldError[] {
  const { exchange, routing_keys = [] } = source;
  const forbidden = whyForbidden(tenant, exchange, rules);
  return [
    ...(forbidden === undefined ? [] : [{ path: 'exchange', message: forbidden }]),
    ...routing_keys.flatMap((key, index) =>
      Buffer.byteLength(key) > 255
        ? [{ path: `routing_keys[${index}]`, message: 'must be at most 255 bytes long' }]
        : [],
    ),
  ];
}
