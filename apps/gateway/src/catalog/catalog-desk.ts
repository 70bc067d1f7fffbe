import { Injectable } from '@nestjs/common';
import {
  catalogResultSchema,
  checkTemplates,
  checkTemplatesTimeoutMs,
  getCatalog,
  Problem,
  putCatalog,
  type CatalogResult,
  type CatalogVersion,
  type FieldError,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { z } from 'zod';
import { CatalogReader } from './text/catalog-reader.ts';
import { invalidCatalog, valueOf } from './text/catalog-text.ts';
import type { CatalogText } from './text/reading.ts';
import type { Section } from './text/with-part.ts';

/** What applying a document did, or would do. */
export const catalogAnswerSchema = z.object({
  ...catalogResultSchema.shape,
  dry_run: z.boolean(),
  /** Parts of the document that are kept but have no effect, and why; with their line in a document that was sent as text. */
  warnings: z.array(
    z.object({
      path: z.string(),
      message: z.string(),
      line: z.number().int().optional(),
      column: z.number().int().optional(),
    }),
  ),
});
export type CatalogAnswer = z.infer<typeof catalogAnswerSchema>;

/** Who applies it to which tenant. */
export interface Application {
  tenant: string;
  by: string;
  dryRun: boolean;
  /** The version that the document was made from. */
  expected?: number;
}

/** How often an edit is made again because the document was changed meanwhile. Of many at once, one gets through each time. */
const mostEdits = 20;

/** Where documents are handed in: read, checked by all who have a say, and only then applied. */
@Injectable()
export class CatalogDesk {
  constructor(
    private readonly messages: Messages,
    private readonly reader: CatalogReader,
  ) {}

  /**
   * Replaces the tenant's document.
   * @throws Problem 422 `invalid_catalog` with everything that is wrong and its line; 409 `catalog_changed`
   */
  put(text: CatalogText, application: Application): Promise<CatalogAnswer> {
    return this.apply(text, application, async (found) => {
      const places = await this.reader.ask(
        'placesOf',
        text,
        found.map(({ path }) => path),
      );
      return found.map((one, index) => ({ ...one, ...places[index] }));
    });
  }

  /**
   * Puts one part of the document, or removes it where it is undefined; the rest stays as it is, whoever else writes to it.
   * @throws Problem 422 `invalid_catalog`: what is wrong with the part by its path within the part
   */
  async edit(
    section: Section,
    key: string,
    part: object | undefined,
    application: Application,
  ): Promise<CatalogAnswer> {
    const prefix = `${section}.${key}.`;
    for (let edits = 1; ; edits++) {
      const { version, text, format } = await this.current(application.tenant);
      const edited = await this.reader.ask('withPart', version === 0 ? none : { text, format }, section, key, part);
      try {
        return await this.apply(edited, { ...application, expected: version }, (found) =>
          found.map(({ path, message }) => ({
            path: path.startsWith(prefix) ? path.slice(prefix.length) : path,
            message,
          })),
        );
      } catch (error) {
        if (!isProblem(error, 'catalog_changed') || edits === mostEdits) throw error;
      }
    }
  }

  /** The tenant's own document; version 0 where there is none. */
  current(tenant: string): Promise<CatalogVersion> {
    return this.messages.call(getCatalog, { tenant });
  }

  /** A part of the tenant's own document as it is written there; null where it has none. */
  async own(tenant: string, section: Section, key: string): Promise<object | null> {
    const { document } = await this.current(tenant);
    const parts = (document as Partial<Record<Section, Record<string, object>>>)[section] ?? {};
    return Object.hasOwn(parts, key) ? parts[key]! : null;
  }

  private async apply(
    { format, text }: CatalogText,
    { tenant, by, dryRun, expected }: Application,
    placed: (found: FieldError[]) => FieldError[] | Promise<FieldError[]>,
  ): Promise<CatalogAnswer> {
    const value = valueOf(await this.reader.ask('read', { format, text }));
    const request = { tenant, document: value, text, format, applied_by: by, expected_version: expected };
    // Two services have a say. Only when both have nothing against it is anything changed.
    const [tried, words] = await Promise.all([
      this.messages.call(putCatalog, { ...request, dry_run: true }, patient).catch(mistakesOf),
      this.checkWords(tenant, value),
    ]);
    const mistakes = Array.isArray(tried) ? tried : [];
    // Some shapes both complain of, each in its words.
    const others = words.errors.filter(({ path }) => !mistakes.some((known) => known.path === path));
    if (Array.isArray(tried) || others.length > 0) throw invalidCatalog(await placed([...mistakes, ...others]));
    const result: CatalogResult = dryRun
      ? tried
      : await this.messages.call(putCatalog, { ...request, dry_run: false }, patient);
    const warnings = [...result.warnings, ...words.warnings];
    return { ...result, dry_run: dryRun, warnings: warnings.length > 0 ? await placed(warnings) : [] };
  }

  private async checkWords(
    tenant: string,
    document: unknown,
  ): Promise<{ errors: FieldError[]; warnings: FieldError[] }> {
    const templates = templatesOf(document);
    if (Object.keys(templates).length === 0) return { errors: [], warnings: [] };
    const request = { tenant, templates };
    const { errors, warnings = [] } = await this.messages.call(checkTemplates, request, patient);
    return { errors, warnings };
  }
}

/** A document of a thousand types is checked and compiled in some seconds. */
const patient = { timeoutMs: checkTemplatesTimeoutMs };

/** The text of a tenant who has none. */
const none: CatalogText = { format: 'yaml', text: '{}' };

/** The words of every type, where there are any; whatever else is wrong with the document is said elsewhere. */
function templatesOf(document: unknown): Record<string, unknown> {
  const { types } = Object(document) as { types?: unknown };
  return Object.fromEntries(
    Object.entries(Object(types) as object)
      .map(([key, type]) => [key, (Object(type) as { templates?: unknown }).templates] as const)
      .filter(([, templates]) => templates !== undefined),
  );
}

function mistakesOf(error: unknown): FieldError[] {
  if (isProblem(error, 'invalid_catalog')) return error.errors ?? [];
  throw error;
}

/** Whether it is the problem with a code. */
export function isProblem(error: unknown, code: string): error is Problem {
  return error instanceof Problem && error.code === code;
}
