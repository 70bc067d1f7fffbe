import {
  Problem,
  type CatalogDocument,
  type CatalogSource,
  type Preferences,
  type Tracking,
} from '@carillon/contracts';
import { adHocType, builtIn, builtInTypes, foundation } from './built-in-types.ts';
import type { NotificationType } from './notification-type.ts';
import type { ParsedCatalog } from './parse-catalog.ts';
import type { Reminder } from './reminders.ts';
import { trackingOf } from './tracking.ts';

export interface CatalogParts {
  /** Of the tenant's document; 0 where there is none. */
  version?: number;
  types?: readonly NotificationType[];
  /** Besides the built-in ones. */
  categories?: readonly string[];
  sources?: ReadonlyMap<string, CatalogSource>;
  /** What recipients who have not chosen are taken to have chosen. */
  defaults?: Preferences;
  /** The tenant's document. */
  document?: Pick<CatalogDocument, 'categories' | 'tracking'>;
}

/** A reminder that an event cancels or moves. */
export interface EndedReminder {
  /** Catalog key of the type whose reminder it is. */
  of: string;
  reminder: Reminder;
  moves: boolean;
}

/** A tenant's catalog, ready for use: finds notification types by their key or by a domain event type that triggers them. */
export class Catalog {
  readonly version: number;
  readonly types: ReadonlyMap<string, NotificationType>;
  readonly categories: ReadonlySet<string>;
  readonly sources: ReadonlyMap<string, CatalogSource>;
  readonly defaults: Preferences;
  private readonly document: NonNullable<CatalogParts['document']>;
  private readonly byEvent: ReadonlyMap<string, readonly NotificationType[]>;
  private readonly ends: ReadonlyMap<string, readonly EndedReminder[]>;

  constructor({
    version = 0,
    types = builtInTypes,
    categories = [],
    sources = new Map(),
    defaults = {},
    document = {},
  }: CatalogParts = {}) {
    this.version = version;
    this.types = new Map(types.map((type) => [type.key, type]));
    this.byEvent = new Map(
      [
        ...Map.groupBy(
          types.flatMap((type) => type.on.map((event) => [event, type] as const)),
          ([event]) => event,
        ),
      ].map(([event, pairs]) => [event, pairs.map(([, type]) => type)]),
    );
    this.ends = endedReminders(types);
    this.categories = new Set([...foundation.categories, ...categories]);
    this.sources = sources;
    this.defaults = defaults;
    this.document = document;
  }

  /** A tenant's document laid over the built-in one. A type that is switched off is like one that does not exist. */
  static of(version: number, { document, types }: ParsedCatalog): Catalog {
    const own = new Set(types.map(({ key }) => key));
    return new Catalog({
      version,
      types: [...builtInTypes.filter(({ key }) => !own.has(key)), ...types.filter(({ enabled }) => enabled)],
      categories: Object.keys(document.categories ?? {}),
      sources: new Map(Object.entries(document.sources ?? {})),
      defaults: document.defaults,
      document,
    });
  }

  /**
   * The types that an event means: the one whose key it names, otherwise every one that it triggers; none where it only ends
   * reminders.
   * @param eventType catalog key or domain event type; undefined for an event that brings its own content
   * @throws Problem 422 `unknown_type`
   */
  meant(eventType: string | undefined): readonly NotificationType[] {
    if (eventType === undefined) return [adHocType];
    const named = this.types.get(eventType);
    const meant = named ? [named] : this.byEvent.get(eventType);
    if (meant) return meant;
    if (this.ends.has(eventType)) return [];
    throw Problem.unprocessable('unknown_type', 'Unknown notification type', [
      {
        path: 'type',
        message: `"${eventType}" is not in the catalog; use one of ${someOf([...this.types.keys()])}, or add the type`,
      },
    ]);
  }

  /** Whether an event of this type means anything. */
  means(eventType: string): boolean {
    return this.types.has(eventType) || this.byEvent.has(eventType) || this.ends.has(eventType);
  }

  /** The reminders that an event of this type cancels or moves. */
  endedBy(eventType: string | undefined): readonly EndedReminder[] {
    return (eventType !== undefined && this.ends.get(eventType)) || [];
  }

  /** What of a category's emails is tracked. */
  trackingOf(category: string): Required<Tracking> {
    return trackingOf(category, builtIn.document, this.document);
  }

  /** A category as people read it. */
  nameOf(category: string): string {
    const names = [this.document, builtIn.document].map(({ categories = {} }) =>
      Object.hasOwn(categories, category) ? categories[category]!.name : undefined,
    );
    return names.find((name) => name !== undefined) ?? category;
  }

  has(key: string): boolean {
    return this.types.has(key);
  }
}

function endedReminders(types: readonly NotificationType[]): ReadonlyMap<string, readonly EndedReminder[]> {
  const all = types.flatMap(({ key: of, reminders }) =>
    reminders.flatMap((reminder) => [
      ...reminder.cancelOn.map((event) => [event, { of, reminder, moves: false }] as const),
      ...reminder.moveOn.map((event) => [event, { of, reminder, moves: true }] as const),
    ]),
  );
  return new Map(
    [...Map.groupBy(all, ([event]) => event)].map(([event, pairs]) => [event, pairs.map(([, ended]) => ended)]),
  );
}

const shownAtMost = 30;

function someOf(keys: readonly string[]): string {
  const shown = keys.toSorted().slice(0, shownAtMost).join(', ');
  return keys.length > shownAtMost ? `${shown} and ${keys.length - shownAtMost} more (GET /v1/admin/types)` : shown;
}
