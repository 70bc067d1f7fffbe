import {
  availableChannels,
  catalogDocumentSchema,
  catalogSourceSchema,
  catalogTypeSchema,
  durationMs,
  durationSchema,
  fieldErrors,
  preferencesSchema,
  Problem,
  type CatalogDocument,
  type CatalogResult,
  type CatalogSource,
  type CatalogType,
  type FieldError,
} from '@carillon/contracts';
import type { z } from 'zod';
import { checkPreferences } from '../choices/check-preferences.ts';
import { compileType } from './compile-type.ts';
import { DataSchemas } from './data-schema.ts';
import { Expression, messageVocabulary } from './expression.ts';
import { Mistakes, type Path } from './mistakes.ts';
import type { NotificationType } from './notification-type.ts';
import { findUnstorable } from './storable.ts';

/** A document that is right in itself, ready to be laid over what is below it. */
export interface ParsedCatalog {
  document: CatalogDocument;
  /** Those of the document, the switched-off ones too. */
  types: readonly (NotificationType & { enabled: boolean })[];
  warnings: CatalogResult['warnings'];
}

/** What a document may refer to besides its own parts. */
export interface Foundation {
  types: ReadonlySet<string>;
  categories: ReadonlySet<string>;
}

interface ParseOptions {
  /** Whose document it is. */
  origin?: NotificationType['origin'];
  /** As it was written. */
  text?: string;
  /** What else speaks against a source, by its path within the source. */
  sourceMistakes?: (source: CatalogSource) => FieldError[];
}

/** Of events that bring their own content and name no type. */
export const adHocKey = 'ad_hoc';

/** Ten years: beyond it a window or delay is a slip of the pen. */
const longestMs = 3_660 * 86_400_000;
/** What waits longer for others of its kind is better put into a digest. */
const longestBatchMs = 86_400_000;

/**
 * Checks a document as a whole, its expressions and schemas included.
 *
 * @param document unknown JSON
 * @throws Problem 422 `invalid_catalog` with everything that is wrong, each by its path
 */
export function parseCatalog(
  document: unknown,
  foundation: Foundation,
  { origin = 'tenant', text = '', sourceMistakes = () => [] }: ParseOptions = {},
): ParsedCatalog {
  const mistakes = new Mistakes();
  findUnstorable(document, text, mistakes);
  mistakes.refuse();
  const parsed = catalogDocumentSchema.safeParse(document);
  if (!parsed.success) for (const error of fieldErrors(parsed.error.issues.map(plainly))) mistakes.addField(error);
  const check = new DocumentCheck(document, foundation, origin, sourceMistakes, mistakes);
  check.run();
  mistakes.refuse();
  return { document: parsed.data!, types: check.types, warnings: check.warnings };
}

/** Zod names a key that is wrong only as "invalid"; why stands deeper. */
function plainly(issue: z.core.$ZodIssue): z.core.$ZodIssue {
  return issue.code === 'invalid_key'
    ? { ...issue, message: issue.issues.map(({ message }) => message).join('; ') }
    : issue;
}

/**
 * What no schema can say. Works on whatever parts of the document have the right shape, so that mistakes of both kinds are
 * named together.
 */
class DocumentCheck {
  readonly types: (NotificationType & { enabled: boolean })[] = [];
  readonly warnings: CatalogResult['warnings'] = [];
  private readonly schemas = new DataSchemas();
  private readonly typeKeys: ReadonlySet<string>;
  private readonly categories: ReadonlySet<string>;

  constructor(
    private readonly document: unknown,
    foundation: Foundation,
    private readonly origin: NotificationType['origin'],
    private readonly sourceMistakes: NonNullable<ParseOptions['sourceMistakes']>,
    private readonly mistakes: Mistakes,
  ) {
    this.typeKeys = new Set([...foundation.types, ...Object.keys(part(document, 'types'))]);
    this.categories = new Set([...foundation.categories, ...Object.keys(part(document, 'categories'))]);
  }

  run(): void {
    const [category = ''] = this.categories;
    for (const [key, value] of Object.entries(part(this.document, 'types'))) {
      const type = whatIsRight(catalogTypeSchema, value, { category, channels: ['in_app'] });
      if (type) this.type(key, type);
    }
    for (const [key, value] of Object.entries(part(this.document, 'sources'))) {
      const source = whatIsRight(catalogSourceSchema, value, { exchange: 'any' });
      if (source) this.source(key, source, value);
    }
    this.defaults();
  }

  private type(key: string, type: CatalogType): void {
    const { mistakes } = this;
    const at = (...more: PropertyKey[]): Path => ['types', key, ...more];
    if (key === adHocKey) mistakes.add(at(), 'is the name of what brings its own content; choose another');
    if (!this.categories.has(type.category)) {
      mistakes.add(
        at('category'),
        `"${type.category}" is not a category; use one of ${sorted(this.categories)}, or add it to categories`,
      );
    }
    if (type.template !== undefined) this.knownType(at('template'), type.template);
    if (type.throttle) this.duration(at('throttle', 'per'), type.throttle.per);
    this.templates(at('templates'), type.templates ?? {});
    this.batch(key, type);
    this.reminders(key, type);
    this.types.push({
      ...compileType(key, type, this.origin, this.schemas, mistakes),
      enabled: type.enabled ?? true,
    });
  }

  private templates(path: Path, templates: NonNullable<CatalogType['templates']>): void {
    for (const [locale, channels] of Object.entries(templates)) {
      if (!isLocale(locale)) this.mistakes.add([...path, locale], 'is not a language such as en or pt-BR');
      for (const [channel, source] of Object.entries(channels)) {
        const at = [...path, locale, channel];
        if (!(availableChannels as readonly string[]).includes(channel)) {
          this.mistakes.add(at, `is not a channel; use ${availableChannels.join(', ')}`);
        } else if (!isObject(source)) this.mistakes.add(at, 'must be an object with the parts of the words');
      }
    }
  }

  private batch(key: string, { batch }: CatalogType): void {
    if (!batch) return;
    const { window, max_wait, mode, channels = ['in_app'] } = batch;
    const at = (member: string): Path => ['types', key, 'batch', member];
    this.duration(at('window'), window);
    const waits = channels.some((channel) => channel !== 'in_app');
    if (mode === 'sliding' && !waits) {
      this.mistakes.add(at('mode'), 'is for channels that wait; name them in batch.channels, such as [in_app, email]');
    }
    if (waits && durationSchema.safeParse(window).success && durationMs(window) > longestBatchMs) {
      this.mistakes.add(at('window'), 'must not be longer than a day where messages wait; for more use a frequency');
    }
    if (max_wait === undefined) return;
    this.duration(at('max_wait'), max_wait);
    if (mode !== 'sliding')
      this.mistakes.add(at('max_wait'), 'goes with mode: sliding; a fixed window waits no longer');
    else if ([window, max_wait].every((duration) => durationSchema.safeParse(duration).success)) {
      if (durationMs(max_wait) < durationMs(window))
        this.mistakes.add(at('max_wait'), 'must not be shorter than window');
      if (durationMs(max_wait) > longestBatchMs) this.mistakes.add(at('max_wait'), 'must not be longer than a day');
    }
  }

  private reminders(key: string, { reminders = [] }: CatalogType): void {
    for (const [index, { type, every }] of reminders.entries()) {
      this.knownType(['types', key, 'reminders', index, 'type'], type);
      if (every !== undefined) this.duration(['types', key, 'reminders', index, 'every'], every);
    }
  }

  private source(key: string, { when, map = {} }: CatalogSource, written: unknown): void {
    const { data: whole } = catalogSourceSchema.safeParse(written);
    for (const { path, message } of whole ? this.sourceMistakes(whole) : []) {
      this.mistakes.addField({ path: `sources.${key}.${path}`, message });
    }
    const expressions = { ...(when !== undefined && { when }), ...prefixed(map) };
    for (const [member, text] of Object.entries(expressions)) {
      this.mistakes.expression(['sources', key, ...member.split('.')], (at) =>
        Expression.parse(at, text, messageVocabulary),
      );
    }
  }

  private defaults(): void {
    const written = isObject(this.document) ? this.document.defaults : undefined;
    const defaults = whatIsRight(preferencesSchema, written, {});
    if (!defaults) return;
    try {
      checkPreferences(defaults, { categories: this.categories, has: (key) => this.typeKeys.has(key) });
    } catch (error) {
      if (!(error instanceof Problem)) throw error;
      for (const { path, message } of error.errors ?? []) this.mistakes.addField({ path: `defaults.${path}`, message });
    }
  }

  private knownType(path: Path, key: string): void {
    if (!this.typeKeys.has(key)) this.mistakes.add(path, `"${key}" is not a notification type of this catalog`);
  }

  private duration(path: Path, duration: string, orNone = false): void {
    const { success, error } = durationSchema.safeParse(duration);
    if (!success) return this.mistakes.add(path, error.issues[0]!.message);
    const ms = durationMs(duration);
    if (ms === 0 && !orNone) this.mistakes.add(path, 'must be longer than no time at all');
    if (ms > longestMs) this.mistakes.add(path, 'must not be longer than ten years');
  }
}

/**
 * What can still be looked at of something whose shape is wrong in places: all but those members.
 * @param instead of members that must be there
 */
function whatIsRight<T>(schema: z.ZodType<T>, value: unknown, instead: object): T | undefined {
  const { success, data, error } = schema.safeParse(value);
  if (success) return data;
  if (!isObject(value)) return undefined;
  const wrong = new Set(error.issues.flatMap(({ path, ...issue }) => path[0] ?? ('keys' in issue ? issue.keys : [])));
  const right = Object.entries(value).filter(([member]) => !wrong.has(member));
  return schema.safeParse({ ...instead, ...Object.fromEntries(right) }).data;
}

function part(document: unknown, name: 'types' | 'categories' | 'sources'): Record<string, unknown> {
  const value = isObject(document) ? document[name] : undefined;
  return isObject(value) ? value : {};
}

function prefixed(map: NonNullable<CatalogSource['map']>): Record<string, string> {
  return Object.fromEntries(Object.entries(map).map(([member, text]) => [`map.${member}`, text]));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isLocale(locale: string): boolean {
  try {
    return Intl.getCanonicalLocales(locale).length === 1;
  } catch {
    return false;
  }
}

function sorted(keys: ReadonlySet<string>): string {
  return [...keys].sort().join(', ');
}
