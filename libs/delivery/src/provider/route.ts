/** In which order the providers of a tenant are asked. Pure: chance comes in as the delivery's id. */
import { hash } from 'node:crypto';

/** What counts for the order. */
export interface Routed {
  readonly name: string;
  /** Lower ones first. */
  readonly order: number;
  /** Share among those of the same order. */
  readonly weight: number;
}

/**
 * Providers by their order; those of the same order by lot, weighted, and always the same for a delivery, so that its attempts
 * keep to one while they can. When one is added or removed, the others keep theirs (rendezvous hashing).
 */
export function routeOf<Each extends Routed>(providers: readonly Each[], deliveryId: string): readonly Each[] {
  // Most have one provider, or one of each order: no lot to draw.
  if (inOrder(providers)) return providers;
  return [...providers].sort(
    (one, other) =>
      one.order - other.order || lot(other, deliveryId) - lot(one, deliveryId) || (one.name < other.name ? -1 : 1),
  );
}

function inOrder(providers: readonly Routed[]): boolean {
  return providers.every(({ order }, index) => index === 0 || providers[index - 1]!.order < order);
}

/** The higher, the earlier: of lots u^(1/weight) the largest falls on each in proportion to its weight. */
function lot({ name, weight }: Routed, deliveryId: string): number {
  const drawn = parseInt(hash('sha256', `${name} ${deliveryId}`).slice(0, 12), 16) + 1;
  return Math.log(drawn / (2 ** 48 + 1)) / weight;
}
