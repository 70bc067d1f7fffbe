import { z } from 'zod';
import { audienceSchema } from '../../audience.ts';
import { catalogTypeSchema, type CatalogDocument } from '../../catalog/index.ts';
import { defineRpc } from '../../define.ts';
import { availableChannels, jsonObjectSchema, priorities } from '../../words.ts';
import { trackingSchema } from '../../tracking.ts';
import { frequencies, preferencesSchema } from '../preferences/index.ts';

/** How the text of a document is written. */
export const catalogFormats = ['yaml', 'json'] as const;

const versionSchema = z.number().int().min(1);

/** Where a version came from. */
const originShape = {
  applied_at: z.string(),
  /** Who applied it, such as the name of an API key. */
  applied_by: z.string(),
  /** The version whose content it brought back; 0: nothing of the tenant's own. */
  reverts: z.number().int().min(0).nullable(),
};

/** A version of a tenant's document as it was written, or version 0, `{}` and '' where there is none. */
export const catalogVersionSchema = z.object({
  version: z.number().int().min(0),
  document: jsonObjectSchema,
  /** As it was sent, with its comments. */
  text: z.string(),
  format: z.enum(catalogFormats),
  applied_at: originShape.applied_at.nullable(),
  applied_by: originShape.applied_by.nullable(),
  reverts: originShape.reverts,
});
export type CatalogVersion = z.infer<typeof catalogVersionSchema>;

/** One leaf of the document that differs; a list is one value. */
export const catalogChangeSchema = z.object({
  change: z.enum(['added', 'changed', 'removed']),
  /** `types.lesson_scheduled.channels` */
  path: z.string(),
  /** Not of an added one. */
  before: z.unknown().optional(),
  /** Not of a removed one. */
  after: z.unknown().optional(),
});
export type CatalogChange = z.infer<typeof catalogChangeSchema>;

/** What applying a document did, or with `dry_run` would do. */
export const catalogResultSchema = z.object({
  /** The version that now holds; with `dry_run` the one that held before. */
  version: z.number().int().min(0),
  /** Whether there is a new version: not with `dry_run`, nor where nothing differs. */
  applied: z.boolean(),
  changes: z.array(catalogChangeSchema),
  /** Parts of the document that are kept but have no effect, and why. */
  warnings: z.array(z.object({ path: z.string(), message: z.string() })),
});
export type CatalogResult = z.infer<typeof catalogResultSchema>;

const of = z.object({ tenant: z.string() });
const tenant = 'default';
const exampleDocument = {
  types: {
    lesson_scheduled: {
      category: 'activity',
      channels: ['in_app', 'email'],
      on: 'lesson.scheduled',
      to: 'data.students | map: "guardian_id"',
    },
  },
} satisfies CatalogDocument;
const exampleText = `types:
  lesson_scheduled:
    category: activity
    channels: [in_app, email]
    on: lesson.scheduled
    to: 'data.students | map: "guardian_id"'
`;
const exampleOrigin = { applied_at: '2026-11-21T09:30:00.000Z', applied_by: 'console', reverts: null };
const exampleResult: CatalogResult = {
  version: 3,
  applied: true,
  changes: [
    {
      change: 'changed',
      path: 'types.lesson_scheduled.channels',
      before: ['in_app'],
      after: ['in_app', 'email'],
    },
  ],
  warnings: [],
};

const getRequest = of.extend({ version: versionSchema.optional() });

/** The tenant's own document: the current one, or an earlier version. Errors: 404 for a version that never was. */
export const getCatalog = defineRpc<z.infer<typeof getRequest>, CatalogVersion>({
  name: 'preferences.catalog.get.v1',
  service: 'preferences',
  summary: 'A tenant’s catalog document.',
  request: getRequest,
  response: catalogVersionSchema,
  example: {
    request: { tenant, version: 3 },
    response: { version: 3, document: exampleDocument, text: exampleText, format: 'yaml', ...exampleOrigin },
  },
});

const putRequest = of.extend({
  /** What the text says. It is checked as a whole by the service that owns catalogs. */
  document: z.unknown(),
  /** Kept as it is, for whoever gets the document again. */
  text: z.string(),
  format: z.enum(catalogFormats),
  dry_run: z.boolean(),
  applied_by: z.string(),
  /** The version that this one was made from. */
  expected_version: z.int32().min(0).optional(),
});

/**
 * Replaces the tenant's document as a whole. A document that says the same as the current one makes no version. Errors: 422
 * `invalid_catalog` with everything that is wrong, each by its path (`types.lesson_scheduled.when`); 409 `catalog_changed` when
 * `expected_version` is not the current one.
 */
export const putCatalog = defineRpc<z.infer<typeof putRequest>, CatalogResult>({
  name: 'preferences.catalog.put.v1',
  service: 'preferences',
  summary: 'Replaces a tenant’s catalog document, or says what that would change.',
  request: putRequest,
  response: catalogResultSchema,
  example: {
    request: {
      tenant,
      document: exampleDocument,
      text: exampleText,
      format: 'yaml',
      dry_run: false,
      applied_by: 'console',
      expected_version: 2,
    },
    response: exampleResult,
  },
});

const listRequest = of.extend({
  limit: z.number().int().min(1).max(100),
  /** The version after which to go on (exclusive), as text. */
  after: z
    .string()
    .regex(/^[1-9]\d{0,8}$/, 'must be a version')
    .nullable(),
});
const listedSchema = z.object({ version: versionSchema, format: z.enum(catalogFormats), ...originShape });

/** Newest first, without their documents. */
export const listCatalogVersions = defineRpc<
  z.infer<typeof listRequest>,
  { data: z.infer<typeof listedSchema>[]; next: string | null }
>({
  name: 'preferences.catalog.versions.v1',
  service: 'preferences',
  summary: 'A page of the versions of a tenant’s catalog document, newest first.',
  request: listRequest,
  response: z.object({ data: z.array(listedSchema), next: z.string().nullable() }),
  example: {
    request: { tenant, limit: 20, after: null },
    response: { data: [{ version: 3, format: 'yaml', ...exampleOrigin }], next: null },
  },
});

const revertRequest = of.extend({
  /** Whose content is to hold again; 0: no document of the tenant's own. */
  version: z.number().int().min(0),
  dry_run: z.boolean(),
  applied_by: z.string(),
});

/**
 * Makes a new version with an earlier one's content. Errors: 404 for a version that never was; 422 `invalid_catalog` when what it
 * says is not valid any more.
 */
export const revertCatalog = defineRpc<z.infer<typeof revertRequest>, CatalogResult>({
  name: 'preferences.catalog.revert.v1',
  service: 'preferences',
  summary: 'Goes back to an earlier version of a tenant’s catalog document.',
  request: revertRequest,
  response: catalogResultSchema,
  example: { request: { tenant, version: 2, dry_run: false, applied_by: 'console' }, response: exampleResult },
});

const { shape } = catalogTypeSchema;

/** Whether something is Carillon's own or the tenant's. */
const originSchema = z.enum(['system', 'tenant']);

/** A category as it holds for a tenant. */
export const effectiveCategorySchema = z.object({
  key: z.string(),
  origin: originSchema,
  name: z.string(),
  description: z.string().nullable(),
  /** What of its emails is tracked. */
  tracking: trackingSchema.required(),
});
export type EffectiveCategory = z.infer<typeof effectiveCategorySchema>;

/** A notification type as it holds for a tenant: what the document says, with everything filled in that it left out. */
export const effectiveTypeSchema = z.object({
  key: z.string(),
  origin: originSchema,
  category: z.string(),
  description: z.string().nullable(),
  enabled: z.boolean(),
  channels: z.array(z.enum(availableChannels)),
  priority: z.enum(priorities),
  mandatory: z.boolean(),
  on: z.array(z.string()),
  when: z.string().nullable(),
  to: z.union([z.string(), audienceSchema]).nullable(),
  schema: jsonObjectSchema.nullable(),
  frequency: z.enum(frequencies),
  throttle: shape.throttle.unwrap().nullable(),
  template: z.string(),
  batch: shape.batch.unwrap().nullable(),
  digest: shape.digest.unwrap().nullable(),
  reminders: shape.reminders.unwrap(),
});
export type EffectiveType = z.infer<typeof effectiveTypeSchema>;

const effectiveSchema = z.object({
  /** Of the tenant's document; 0 where there is none. */
  version: z.number().int().min(0),
  categories: z.array(effectiveCategorySchema),
  types: z.array(effectiveTypeSchema),
  /** What recipients who have not chosen are taken to have chosen. */
  defaults: preferencesSchema,
});
export type EffectiveCatalog = z.infer<typeof effectiveSchema>;

/** What holds for a tenant: the built-in catalog with the tenant's document laid over it, sorted by key. */
export const effectiveCatalog = defineRpc<z.infer<typeof of>, EffectiveCatalog>({
  name: 'preferences.catalog.effective.v1',
  service: 'preferences',
  summary: 'All categories and notification types that a tenant has, built-in ones included.',
  request: of,
  response: effectiveSchema,
  example: {
    request: { tenant },
    response: {
      version: 3,
      categories: [
        {
          key: 'activity',
          origin: 'system',
          name: 'Activity',
          description: null,
          tracking: { opens: true, clicks: true },
        },
      ],
      types: [
        {
          key: 'lesson_scheduled',
          origin: 'tenant',
          category: 'activity',
          description: null,
          enabled: true,
          channels: ['in_app', 'email'],
          priority: 'normal',
          mandatory: false,
          on: ['lesson.scheduled'],
          when: null,
          to: 'data.students | map: "guardian_id"',
          schema: null,
          frequency: 'immediate',
          throttle: null,
          template: 'lesson_scheduled',
          batch: null,
          digest: null,
          reminders: [],
        },
      ],
      defaults: {},
    },
  },
});
