import { cloudEventSchema, Problem, type CatalogSource, type CloudEvent } from '@carillon/contracts';
import type { Origin } from '@carillon/messaging';
import { Expression, messageVocabulary } from '../catalog/expression.ts';
import { matchesTopic } from './matches-topic.ts';
import { routingKeysOf, type TenantSource } from './tenant-source.ts';

/** Whose a message is, and what it means to them; or why it cannot be told. */
export type Resolved = { tenant: string } & ({ event: CloudEvent } | { problem: Problem });

type Mapped = keyof NonNullable<CatalogSource['map']>;

/** A source with its expressions parsed. */
interface Rule {
  tenant: string;
  routingKeys: readonly string[];
  when?: Expression;
  map: Partial<Record<Mapped, Expression>>;
}

/** All sources of all tenants by exchange, ready to tell whose a message is. */
export class SourceIndex {
  private readonly rules: ReadonlyMap<string, readonly Rule[]>;

  /** @throws InvalidExpression, which no catalog has that was checked when it was saved */
  constructor(sources: readonly TenantSource[]) {
    this.rules = new Map(
      [...Map.groupBy(sources, ({ source }) => source.exchange)].map(([exchange, group]) => [
        exchange,
        group.map(ruleOf),
      ]),
    );
  }

  /**
   * The tenants whose sources a message came through, each with the event that it is to them. The routing keys of the source must
   * match, also where the exchange itself ignores them (a fanout): what no source of a tenant asked for is not for that tenant, even
   * if its source was removed while the message lay in the queue. A tenant is asked source by source, in the order of the catalog;
   * the first that takes the message counts. A mistake of one tenant is that tenant's alone.
   */
  resolve(event: CloudEvent, origin: Origin): Resolved[] {
    const ofExchange = this.rules.get(origin.exchange) ?? [];
    const asked = ofExchange.filter(
      ({ tenant, routingKeys }) =>
        (event.tenant === undefined || event.tenant === tenant) &&
        routingKeys.some((pattern) => matchesTopic(pattern, origin.routingKey)),
    );
    const scope = { body: event.data, routing_key: origin.routingKey, headers: origin.headers };
    return [...Map.groupBy(asked, ({ tenant }) => tenant)].flatMap(([tenant, rules]): Resolved[] => {
      try {
        const rule = rules.find(({ when }) => when?.holds(scope) ?? true);
        return rule ? [{ tenant, event: meaningOf(event, rule.map, scope) }] : [];
      } catch (error) {
        if (!(error instanceof Problem)) throw error;
        const detail = `event "${event.id}" from exchange "${origin.exchange}"`;
        return [{ tenant, problem: new Problem({ ...error.toJSON(), detail }) }];
      }
    });
  }
}

function ruleOf({ tenant, key, source }: TenantSource): Rule {
  const { when, map = {} } = source;
  const parse = (path: string, text: string) => Expression.parse(`sources.${key}.${path}`, text, messageVocabulary);
  return {
    tenant,
    routingKeys: routingKeysOf(source),
    when: when === undefined ? undefined : parse('when', when),
    map: Object.fromEntries(
      Object.entries(map)
        .filter(([, text]) => text !== undefined)
        .map(([attribute, text]) => [attribute, parse(`map.${attribute}`, text)]),
    ),
  };
}

/**
 * The event that a message means. A CloudEvent says that itself; of anything else (marked `plain` by the codec) the map says it.
 * An attribute whose expression yields nothing stays what it is without one.
 * @throws Problem 422 `expression_failed`
 */
function meaningOf({ plain, ...event }: CloudEvent & { plain?: unknown }, map: Rule['map'], scope: object): CloudEvent {
  if (plain !== true) return event;
  const mapped: CloudEvent = { ...event };
  for (const attribute of ['type', 'id', 'subject', 'time'] as const) {
    const expression = map[attribute];
    const value = expression?.evaluate(scope);
    if (value === undefined || value === null || value === '') continue;
    if (typeof value !== 'string' && typeof value !== 'number') throw expression!.failed('must yield a text');
    mapped[attribute] = String(value);
    const checked = cloudEventSchema.shape[attribute].safeParse(mapped[attribute]);
    if (!checked.success) throw expression!.failed(checked.error.issues[0]!.message);
  }
  if (map.data) mapped.data = map.data.evaluate(scope) ?? null;
  return mapped;
}
