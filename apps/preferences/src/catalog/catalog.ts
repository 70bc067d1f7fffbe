import { Problem } from '@carillon/contracts';
import { adHocType, builtInTypes } from './built-in-types.ts';
import type { NotificationType } from './notification-type.ts';

/** Finds notification types by their key or by a domain event type that triggers them. */
export class Catalog {
  private readonly byKey: ReadonlyMap<string, NotificationType>;
  private readonly byEvent: ReadonlyMap<string, NotificationType>;
  readonly categories: ReadonlySet<string>;

  constructor(types: readonly NotificationType[] = builtInTypes) {
    this.byKey = new Map(types.map((type) => [type.key, type]));
    this.byEvent = new Map(types.flatMap((type) => [type.key, ...type.on].map((event) => [event, type] as const)));
    this.categories = new Set(types.map(({ category }) => category));
  }

  /**
   * The type that an event means.
   * @param eventType catalog key or domain event type; undefined for an event that brings its own content
   * @throws Problem 422 `unknown_type`
   */
  typeOf(eventType: string | undefined): NotificationType {
    if (eventType === undefined) return adHocType;
    const type = this.byEvent.get(eventType);
    if (type) return type;
    throw Problem.unprocessable('unknown_type', 'Unknown notification type', [
      {
        path: 'type',
        message: `"${eventType}" is not in the catalog; use one of ${[...this.byKey.keys()].sort().join(', ')}, or add the type`,
      },
    ]);
  }

  has(key: string): boolean {
    return this.byKey.has(key);
  }
}
