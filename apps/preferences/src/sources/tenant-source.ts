import type { CatalogSource } from '@carillon/contracts';

/** A source of a tenant's catalog. */
export interface TenantSource {
  tenant: string;
  key: string;
  source: CatalogSource;
}

export function routingKeysOf({ routing_keys = ['#'] }: CatalogSource): readonly string[] {
  return routing_keys;
}
