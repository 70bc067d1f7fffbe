import {
  availableChannels,
  catalogDocumentSchema,
  catalogSourceSchema,
  catalogTypeSchema,
  durationMs,
  durationSchema,
  fieldErrors,
  Problem,
  type CatalogDocument,
  type CatalogResult,
  type CatalogSource,
  type CatalogType,
} from '@carillon/contracts';
import type { z } from 'zod';
import { checkPreferences } from '../choices/merge-preferences.ts';
import { compileType } from './compile-type.ts';
import { DataSchemas } from './data-schema.ts';
import { eventVocabulary, Expression, messageVocabulary } from './expression.ts';
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

/** Of events that bring their own content and name no type. */
export const adHocKey = 'ad_hoc';

/** Ten years: beyond it a window or delay is a slip of the pen. */
const longestMs = 3_660 * 86_400_000;

/**
 * Checks a document as a whole, its expressions and schemas included.
 *
 * @param document unknown JSON
 * @param text as it was written
 * @throws Problem 422 `invalid_catalog` with everything that is wrong, each by its path
 */
export function parseCatalog(
  document: unknown,
  foundation: Foundation,
  { origin = 'tenant', text = '' }: { origin?: NotificationType['origin']; text?: string } = {},
): ParsedCatalog {
  const mistakes = new Mistakes();
  findUnstorable(document, text, mistakes);
  mistakes.refuse();
  const parsed = catalogDocumentSchema.safeParse(document);
  if (!parsed.success) for (const error of fieldErrors(parsed.error.issues.map(plainly))) mistakes.addField(error);
  const check = new DocumentCheck(document as Record<string, unknown>, foundation, origin, mistakes);
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
    private readonly document: Record<string, unknown>,
    foundation: Foundation,
    private readonly origin: NotificationType['origin'],
    private readonly mistakes: Mistakes,
  ) {
    this.typeKeys = new Set([...foundation.types, ...Object.keys(part(document, 'types'))]);
    this.categories = new Set([...foundation.categories, ...Object.keys(part(document, 'categories'))]);
  }

  run(): void {
    for (const [key, value] of Object.entries(part(this.document, 'types'))) {
      const { data } = catalogTypeSchema.safeParse(value);
      if (data) this.type(key, data);
    }
    for (const [key, value] of Object.entries(part(this.document, 'sources'))) {
      const { data } = catalogSourceSchema.safeParse(value);
      if (data) this.source(key, data);
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
    const path = ['types', key, 'batch'];
    this.mistakes.expression([...path, 'key'], (at) => Expression.parse(at, batch.key, eventVocabulary));
    this.duration([...path, 'window'], batch.window);
    this.warnings.push({
      path: path.join('.'),
      message: 'is kept, but has no effect yet: every event makes a notification of its own',
    });
  }

  private reminders(key: string, { reminders }: CatalogType): void {
    if (!reminders?.length) return;
    const path = ['types', key, 'reminders'];
    for (const [index, { type, at, match, offset, every }] of reminders.entries()) {
      const here = (member: string): Path => [...path, index, member];
      this.knownType(here('type'), type);
      this.mistakes.expression(here('at'), (where) => Expression.parse(where, at, eventVocabulary));
      if (match !== undefined) {
        this.mistakes.expression(here('match'), (where) => Expression.parse(where, match, eventVocabulary));
      }
      // Without its sign it is a length of time like any other.
      if (offset !== undefined) this.duration(here('offset'), offset.replace(/^[+-]/, ''), true);
      if (every !== undefined) this.duration(here('every'), every);
    }
    this.warnings.push({ path: path.join('.'), message: 'are kept, but have no effect yet: none is sent' });
  }

  private source(key: string, { when, map = {} }: CatalogSource): void {
    const expressions = { ...(when !== undefined && { when }), ...prefixed(map) };
    for (const [member, text] of Object.entries(expressions)) {
      this.mistakes.expression(['sources', key, ...member.split('.')], (at) =>
        Expression.parse(at, text, messageVocabulary),
      );
    }
  }

  private defaults(): void {
    const { data } = catalogDocumentSchema.shape.defaults.safeParse(this.document?.defaults);
    if (!data) return;
    try {
      checkPreferences(data, { categories: this.categories, has: (key) => this.typeKeys.has(key) });
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
