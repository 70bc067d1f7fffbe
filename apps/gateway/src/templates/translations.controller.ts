import { Body, Controller, Get, Post, Query } from '@nestjs/common';
import {
  catalogKeySchema,
  checkTemplatesTimeoutMs,
  exportTranslations,
  importedSchema,
  importTranslations,
  knownLocaleSchema,
  missingTranslations,
  missingTranslationSchema,
  templateOwners,
  translationsSchema,
  type Imported,
  type MissingTranslation,
  type Translations,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { z } from 'zod';
import { Allow, CallerName, Tenant } from '../access/access.guard.ts';
import { flag } from '../catalog/queries.ts';
import { BodyLimit } from '../http/body-limit.ts';
import { Describe } from '../http/describe.ts';
import { body, query } from '../http/input.pipe.ts';
import { listOf } from '../http/list-of.ts';
import { after, page, pagingSchema, type Page } from '../http/paging.ts';
import { forTemplates, TimeLimit } from '../limits/time-limit.ts';
import { DescribedTypes } from './described-types.ts';

const locales = listOf(knownLocaleSchema, 20);
const filterShape = {
  types: listOf(catalogKeySchema, 100).optional(),
  /** `own`: only what you have words of your own for. */
  owner: z.enum(templateOwners).optional(),
};
const exportQuery = z.strictObject({ ...filterShape, locales, reference: knownLocaleSchema.default('en') });
const importQuery = z.strictObject({ publish: flag, dry_run: flag, replace_drafts: flag });
const missingQuery = z.strictObject({ ...filterShape, locales: locales.optional(), ...pagingSchema.shape });
const missingPageSchema = z.object({ data: z.array(missingTranslationSchema), next_cursor: z.string().nullable() });

/** Some hundred emails in some languages. */
const largestFile = 8 * 1024 * 1024;
/** Each template is compiled when it is checked. */
const patient = { timeoutMs: checkTemplatesTimeoutMs };

/** Texts for translators, and back. */
@Controller('v1/admin/translations')
@Allow('admin', { read: 'viewer', change: 'editor' })
@TimeLimit(forTemplates)
export class TranslationsController {
  constructor(
    private readonly messages: Messages,
    private readonly types: DescribedTypes,
  ) {}

  @Get()
  @Describe({
    summary: 'The texts of your templates, for translators',
    description:
      '`?locales=sw,fr&reference=en`: field by field, the texts in the reference language beside those in the others, null where there are none yet. Where there are no words in the reference language, those of another one stand there. Of the types in `types` only; with `owner=own` of those that you have words of your own for.',
    query: exportQuery,
    response: translationsSchema,
  })
  export(
    @Tenant() tenant: string,
    @Query(query(exportQuery)) wanted: z.infer<typeof exportQuery>,
  ): Promise<Translations> {
    return this.messages.call(exportTranslations, { tenant, ...wanted }, patient);
  }

  @Post()
  @BodyLimit(largestFile)
  @Describe({
    summary: 'Take translated texts back',
    description:
      'The file that was exported, filled in. Each template becomes a draft, or with `publish=true` the next version; links, pictures and styles stay as they are in the language that was translated from. All or nothing: whatever is wrong comes in one answer, by its path in the file. Templates whose texts are all null are left alone. Drafts that are there already are only replaced with `replace_drafts=true`. `dry_run=true` says what would become of it.',
    query: importQuery,
    body: translationsSchema,
    bodyExample: importTranslations.example.request.translations,
    response: importedSchema,
    errors: { 413: 'body_too_large', 422: 'invalid_translations' },
  })
  async import(
    @Tenant() tenant: string,
    @CallerName() by: string,
    @Query(query(importQuery)) how: z.infer<typeof importQuery>,
    @Body(body(translationsSchema)) translations: Translations,
  ): Promise<Imported> {
    const types = new Set(Object.keys(translations.templates).map((name) => name.split('.', 1)[0]!));
    const schemas = [...(await this.types.schemas(tenant))].filter(([type]) => types.has(type));
    const request = { tenant, translations, ...how, by, schemas: Object.fromEntries(schemas) };
    return this.messages.call(importTranslations, request, patient);
  }

  @Get('missing')
  @Describe({
    summary: 'What is not translated yet',
    description:
      'Types and channels that have words in some language, but not in a wanted one: those in `locales`, or without it every language that you have words of your own in, and your default one. Whoever reads `sw-KE` is served by `sw` too.',
    query: missingQuery,
    response: missingPageSchema,
  })
  async missing(
    @Tenant() tenant: string,
    @Query(query(missingQuery)) { limit, cursor, ...wanted }: z.infer<typeof missingQuery>,
  ): Promise<Page<MissingTranslation>> {
    const list = 'missing-translations';
    const place = after(list, cursor, /^[\w-]+\.[a-z_]+\.[\w-]+$/);
    return page(list, await this.messages.call(missingTranslations, { tenant, ...wanted, limit, after: place }));
  }
}
