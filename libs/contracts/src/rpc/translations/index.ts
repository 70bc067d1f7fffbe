import { z } from 'zod';
import { catalogKeySchema } from '../../catalog/index.ts';
import { defineRpc } from '../../define.ts';
import { channels, jsonObjectSchema } from '../../words.ts';
import { knownLocaleSchema } from '../brand/index.ts';
import { templateOwners, templateWarningSchema } from '../template-admin/index.ts';

/** How many types and languages one question may name. */
const types = z.array(catalogKeySchema).min(1).max(100);
const locales = z.array(knownLocaleSchema).min(1).max(20);

/** One text in several languages; null where it is not translated yet. */
const textSchema = z.record(knownLocaleSchema, z.string().nullable());

/** The texts of templates side by side, for translators. What is exported can be imported when it is filled in. */
export const translationsSchema = z.strictObject({
  /** The language that is translated from. */
  reference: knownLocaleSchema,
  /** The languages that are translated to. */
  locales,
  /** By type and channel (`invoice_issued.email`), then by field (`subject`, `actions[0].label`), then by language. */
  templates: z
    .record(z.string().max(100), z.record(z.string().max(100), textSchema))
    .refine((templates) => Object.keys(templates).length <= 5_000, 'at most 5,000 templates at a time'),
});
export type Translations = z.infer<typeof translationsSchema>;

const of = z.object({ tenant: z.string() });
const tenant = 'default';
const example: Translations = {
  reference: 'en',
  locales: ['sw'],
  templates: {
    'invoice_issued.sms': {
      text: { en: 'Invoice {{ invoice_number }} is due on {{ due_date | date }}.', sw: null },
    },
  },
};

const exportRequest = of.extend({
  reference: knownLocaleSchema,
  locales,
  types: types.optional(),
  /** `own`: only what the tenant has words of its own for. */
  owner: z.enum(templateOwners).optional(),
});

/** The words in use, by field. */
export const exportTranslations = defineRpc<z.infer<typeof exportRequest>, Translations>({
  name: 'renderer.translations.export.v1',
  service: 'template-renderer',
  summary: 'The texts of templates with those of the reference language beside them.',
  request: exportRequest,
  response: translationsSchema,
  example: { request: { tenant, reference: 'en', locales: ['sw'] }, response: example },
});

const importRequest = of.extend({
  translations: translationsSchema,
  /** Publish at once; otherwise they become drafts. */
  publish: z.boolean(),
  dry_run: z.boolean(),
  /** Whether drafts that are there already give way. */
  replace_drafts: z.boolean(),
  by: z.string(),
  /** By type: JSON Schema of its data, null where it declares none. A type that is not here does not exist. */
  schemas: z.record(z.string(), jsonObjectSchema.nullable()),
});
/** What came of an import. */
export const importedSchema = z.object({
  dry_run: z.boolean(),
  /** What became of each template that the file has texts for. */
  templates: z.array(
    z.object({
      /** `invoice_issued.sms.sw` */
      key: z.string(),
      result: z.enum(['drafted', 'published', 'unchanged']),
    }),
  ),
  warnings: z.array(templateWarningSchema),
});
export type Imported = z.infer<typeof importedSchema>;

/** All or nothing. Errors: 422 `invalid_translations` with everything that is wrong, by its path in the file. */
export const importTranslations = defineRpc<z.infer<typeof importRequest>, Imported>({
  name: 'renderer.translations.import.v1',
  service: 'template-renderer',
  summary: 'Makes drafts, or versions, of translated texts.',
  request: importRequest,
  response: importedSchema,
  example: {
    request: {
      tenant,
      translations: {
        ...example,
        templates: {
          'invoice_issued.sms': {
            text: {
              en: 'Invoice {{ invoice_number }} is due on {{ due_date | date }}.',
              sw: 'Ankara {{ invoice_number }} italipwa kabla ya {{ due_date | date }}.',
            },
          },
        },
      },
      publish: false,
      dry_run: false,
      replace_drafts: false,
      by: 'console',
      schemas: { invoice_issued: null },
    },
    response: { dry_run: false, templates: [{ key: 'invoice_issued.sms.sw', result: 'drafted' }], warnings: [] },
  },
});

const missingRequest = of.extend({
  /** Left out: every language that the tenant has words of its own in. */
  locales: locales.optional(),
  types: types.optional(),
  owner: z.enum(templateOwners).optional(),
  limit: z.number().int().min(1).max(100),
  after: z.string().nullable(),
});
/** Words that there are in some language, but not in a wanted one. */
export const missingTranslationSchema = z.object({
  /** Of the template that is missing: `invoice_issued.sms.sw`. */
  key: z.string(),
  type: z.string(),
  channel: z.enum(channels),
  locale: z.string(),
  /** The languages that there are words in. */
  has: z.array(z.string()),
  /** Whether a draft of it is waiting to be published. */
  draft: z.boolean(),
});
export type MissingTranslation = z.infer<typeof missingTranslationSchema>;

/** By type, channel and language. */
export const missingTranslations = defineRpc<
  z.infer<typeof missingRequest>,
  { data: MissingTranslation[]; next: string | null }
>({
  name: 'renderer.translations.missing.v1',
  service: 'template-renderer',
  summary: 'A page of the templates that are not there in a wanted language.',
  request: missingRequest,
  response: z.object({ data: z.array(missingTranslationSchema), next: z.string().nullable() }),
  example: {
    request: { tenant, locales: ['sw'], limit: 20, after: null },
    response: {
      data: [
        {
          key: 'invoice_issued.sms.sw',
          type: 'invoice_issued',
          channel: 'sms',
          locale: 'sw',
          has: ['en'],
          draft: false,
        },
      ],
      next: null,
    },
  },
});
