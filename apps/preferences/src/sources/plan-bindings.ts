import { routingKeysOf, type TenantSource } from './tenant-source.ts';

/** A binding of the intake queue to a foreign exchange, as it is recorded. */
export interface Binding {
  exchange: string;
  routing_key: string;
  state: 'pending' | 'bound' | 'missing' | 'refused';
  error: string | null;
  /** Since when it is bound. */
  bound_at: Date | null;
  checked_at: Date | null;
}

/** What to do about one exchange. */
export interface ExchangePlan {
  exchange: string;
  /** All that is wanted: what is bound already may have gone with its exchange. */
  bind: string[];
  /** Those of them that are not on record. */
  added: string[];
  unbind: string[];
}

/** What brings the recorded bindings to what the sources want. */
export function planBindings(
  sources: readonly TenantSource[],
  recorded: readonly Pick<Binding, 'exchange' | 'routing_key'>[],
): ExchangePlan[] {
  const wanted = new Map<string, Set<string>>();
  for (const { source } of sources) {
    const keys = wanted.get(source.exchange) ?? new Set();
    for (const key of routingKeysOf(source)) keys.add(key);
    wanted.set(source.exchange, keys);
  }
  const exchanges = new Set([...wanted.keys(), ...recorded.map(({ exchange }) => exchange)]);
  return [...exchanges].map((exchange) => {
    const bind = wanted.get(exchange) ?? new Set<string>();
    const known = new Set(
      recorded.filter((binding) => binding.exchange === exchange).map(({ routing_key }) => routing_key),
    );
    return {
      exchange,
      bind: [...bind],
      added: [...bind].filter((key) => !known.has(key)),
      unbind: [...known].filter((key) => !bind.has(key)),
    };
  });
}
