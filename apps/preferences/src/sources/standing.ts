import type { SourceStanding } from '@carillon/contracts';
import type { ExchangeRules } from '@carillon/messaging';
import { sourceMistakes } from './permitted.ts';
import type { Binding } from './plan-bindings.ts';
import { routingKeysOf, type TenantSource } from './tenant-source.ts';

/** Where a source stands: as well as the worst of its routing keys. */
export function standingOf(
  { tenant, key, source }: TenantSource,
  bindings: readonly Binding[],
  rules: ExchangeRules,
): SourceStanding {
  const routingKeys = routingKeysOf(source);
  const standing = { key, exchange: source.exchange, routing_keys: [...routingKeys] };
  const [mistake] = sourceMistakes(tenant, source, rules);
  if (mistake) return { ...standing, status: 'refused', error: mistake.message, bound_at: null, checked_at: null };
  const own = routingKeys.map((routingKey) =>
    bindings.find(({ exchange, routing_key }) => exchange === source.exchange && routing_key === routingKey),
  );
  const worst = (['refused', 'missing', 'pending', 'bound'] as const).find((state) =>
    own.some((binding) => (binding?.state ?? 'pending') === state),
  )!;
  return {
    ...standing,
    status: worst,
    error: own.find((binding) => binding?.state === worst)?.error ?? null,
    bound_at: worst === 'bound' ? latest(own.map((binding) => binding!.bound_at)) : null,
    checked_at: latest(own.map((binding) => binding?.checked_at ?? null)),
  };
}

function latest(times: readonly (Date | null)[]): string | null {
  const known = times.filter((time) => time !== null).map(Number);
  return known.length === 0 ? null : new Date(Math.max(...known)).toISOString();
}
