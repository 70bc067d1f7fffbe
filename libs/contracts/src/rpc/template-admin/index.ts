import { z } from 'zod';
import { catalogKeySchema } from '../../catalog/index.ts';
import { defineRpc } from '../../define.ts';
import { channels, jsonObjectSchema } from '../../words.ts';
import { templateKeySchema } from './template-key.ts';

export * from './template-key.ts';

/** Whose a template is: the tenant's own, or Carillon's. */
export const templateOwners = ['own', 'system'] as const;
export type TemplateOwner = (typeof templateOwners)[number];

/**
 * - `active`: in use
 * - `inactive`: an admin has switched it off; the lookup goes on to the next one
 * - `withdrawn`: it came with the catalog document, which has it no more
 * - `draft`: nothing was published yet
 */
export const templateStatuses = ['active', 'inactive', 'withdrawn', 'draft'] as const;
export type TemplateStatus = (typeof templateStatuses)[number];

/** Where a version came from: Carillon itself, the tenant's catalog document, or an admin. */
export const templateOrigins = ['system', 'catalog', 'admin'] as const;
export type TemplateOrigin = (typeof templateOrigins)[number];

const versionNumber = z.number().int().min(1);

/** One published version, without its words. It never changes. */
export const templateVersionSchema = z.object({
  version: versionNumber,
  /** Whether it is what is sent now. */
  in_use: z.boolean(),
  origin: z.enum(templateOrigins),
  published_at: z.string(),
  /** Who published it, such as the name of an API key; null where no admin did. */
  published_by: z.string().nullable(),
  /** The earlier version that it brought back. */
  restored_from: z.number().int().nullable(),
  /** The version with the same words, which were only compiled anew. */
  recompiled_from: z.number().int().nullable(),
  /** Of the catalog document that brought it. */
  catalog_version: z.number().int().nullable(),
});
export type TemplateVersion = z.infer<typeof templateVersionSchema>;

/** A version with its words, in the form that drafts have. */
export const templateVersionDetailSchema = templateVersionSchema.extend({
  source: jsonObjectSchema,
  /** Data that it cannot do without, and data that it uses when they are there. */
  required: z.array(z.string()),
  optional: z.array(z.string()),
});
export type TemplateVersionDetail = z.infer<typeof templateVersionDetailSchema>;

const draftShape = {
  /** Changes whenever the draft does; the ETag. */
  revision: z.string(),
  /** The version that it was made from; 0 for none. */
  based_on: z.number().int().min(0),
  updated_at: z.string(),
  updated_by: z.string(),
};

/** Words that are not published yet. */
export const templateDraftSchema = z.object({ source: jsonObjectSchema, ...draftShape });
export type TemplateDraft = z.infer<typeof templateDraftSchema>;

/** One template: the words of a notification type on a channel in a language. */
export const templateSchema = z.object({
  /** `invoice_issued.email.sw-KE` */
  key: z.string(),
  type: z.string(),
  channel: z.enum(channels),
  locale: z.string(),
  owner: z.enum(templateOwners),
  status: z.enum(templateStatuses),
  /** The newest published version; null where there is none. */
  version: templateVersionSchema.nullable(),
  /** The tenant's draft of it; null where there is none. */
  draft: z.object(draftShape).nullable(),
});
export type Template = z.infer<typeof templateSchema>;

/** One template with its words. */
export const templateDetailSchema = templateSchema.extend({
  version: templateVersionDetailSchema.nullable(),
  draft: templateDraftSchema.nullable(),
  /**
   * The version with the words that the tenant's catalog document has for it, and whether they are the newest ones; null where the
   * document has none. Words of an admin stand in their place until the document changes them.
   */
  document: z.object({ version: versionNumber, newest: z.boolean() }).nullable(),
});
export type TemplateDetail = z.infer<typeof templateDetailSchema>;

/** Something about a draft that is allowed, but that its author should know. */
export const templateWarningSchema = z.object({
  path: z.string(),
  message: z.string(),
  line: z.number().int().optional(),
  column: z.number().int().optional(),
});
export type TemplateWarning = z.infer<typeof templateWarningSchema>;

/** A page of a list. */
const pageOf = <T extends z.ZodType>(one: T) => z.object({ data: z.array(one), next: z.string().nullable() });
const paging = { limit: z.number().int().min(1).max(100), after: z.string().nullable() };
const of = z.object({ tenant: z.string() });
const one = of.extend({ key: templateKeySchema });
/** Without `owner` the tenant's own, and Carillon's where it has none. */
const oneOf = one.extend({ owner: z.enum(templateOwners).optional() });
/** What the gateway learnt of the type in the catalog: JSON Schema of its data, null where it declares none. */
const schema = jsonObjectSchema.nullable();

export const templateFilterSchema = z.strictObject({
  type: catalogKeySchema.optional(),
  channel: z.enum(channels).optional(),
  locale: z.string().max(35).optional(),
  owner: z.enum(templateOwners).optional(),
  /** `draft`: those with a draft, whether something is published or not. */
  status: z.enum(templateStatuses).optional(),
});
export type TemplateFilter = z.infer<typeof templateFilterSchema>;

const tenant = 'default';
const key = 'invoice_issued.sms.en';
const by = 'console';
const at = '2026-11-21T09:30:00.000Z';
const exampleSource = { text: 'Invoice {{ invoice_number }}: {{ amount | money: currency }}.' };
const exampleVersion: TemplateVersion = {
  version: 3,
  in_use: true,
  origin: 'admin',
  published_at: at,
  published_by: by,
  restored_from: null,
  recompiled_from: null,
  catalog_version: null,
};
const exampleVersionDetail: TemplateVersionDetail = {
  ...exampleVersion,
  source: exampleSource,
  required: ['amount', 'currency', 'invoice_number'],
  optional: [],
};
const exampleDraft: TemplateDraft = {
  source: { text: 'Invoice {{ invoice_number }} is due on {{ due_date | date }}.' },
  revision: '4b0c4f4e-6b5a-4a53-9a2c-0d1f6f9b7a10',
  based_on: 3,
  updated_at: at,
  updated_by: by,
};
const exampleParts = { key, type: 'invoice_issued', channel: 'sms', locale: 'en', owner: 'own' } as const;
const exampleTemplate: Template = { ...exampleParts, status: 'active', version: exampleVersion, draft: null };
const exampleDetail: TemplateDetail = {
  ...exampleParts,
  status: 'active',
  version: exampleVersionDetail,
  draft: exampleDraft,
  document: null,
};

const listRequest = of.extend({ filter: templateFilterSchema, ...paging });

/** By type, channel and language; those of the tenant and Carillon's. */
export const listTemplates = defineRpc<z.infer<typeof listRequest>, { data: Template[]; next: string | null }>({
  name: 'renderer.templates.list.v1',
  service: 'template-renderer',
  summary: 'A page of the templates that a tenant has or could have its own words for.',
  request: listRequest,
  response: pageOf(templateSchema),
  example: {
    request: { tenant, filter: { type: 'invoice_issued' }, limit: 20, after: null },
    response: { data: [exampleTemplate], next: null },
  },
});

/** Errors: 404. */
export const getTemplate = defineRpc<z.infer<typeof oneOf>, TemplateDetail>({
  name: 'renderer.templates.get.v1',
  service: 'template-renderer',
  summary: 'One template with its words and the draft of it.',
  request: oneOf,
  response: templateDetailSchema,
  example: { request: { tenant, key }, response: exampleDetail },
});

const saveRequest = one.extend({
  /** As the channel's templates are written; the answer names what is wrong with it. */
  source: jsonObjectSchema,
  /** The published version that it was made from; the newest one where it is left out and there is no draft yet. */
  based_on: z.number().int().min(0).optional(),
  /** The revision that is changed; `*` for any. Left out: there is none yet. */
  expected: z.string().optional(),
  by: z.string(),
  schema,
});
const saveResponse = z.object({ template: templateDetailSchema, warnings: z.array(templateWarningSchema) });

/**
 * Creates a draft or changes it. Errors: 422 `invalid_template` with everything that is wrong, by line and column; 428
 * `draft_exists` when there is one and `expected` is left out; 412 `draft_changed` when it is not at the expected revision.
 */
export const saveDraft = defineRpc<z.infer<typeof saveRequest>, z.infer<typeof saveResponse>>({
  name: 'renderer.drafts.save.v1',
  service: 'template-renderer',
  summary: 'Keeps words that are not to be sent yet.',
  request: saveRequest,
  response: saveResponse,
  example: {
    request: { tenant, key, source: exampleDraft.source, by, schema: null },
    response: { template: exampleDetail, warnings: [] },
  },
});

const deleteRequest = one.extend({ expected: z.string().optional() });

/** Errors: 404 where there is none; 412 `draft_changed`. */
export const deleteDraft = defineRpc<z.infer<typeof deleteRequest>, { draft: TemplateDraft }>({
  name: 'renderer.drafts.delete.v1',
  service: 'template-renderer',
  summary: 'Throws a draft away; answers what it was.',
  request: deleteRequest,
  response: z.object({ draft: templateDraftSchema }),
  example: { request: { tenant, key }, response: { draft: exampleDraft } },
});

const activeRequest = oneOf.extend({ active: z.boolean(), by: z.string() });

/** Errors: 404 where nothing is published. Repeating it changes nothing. */
export const setTemplateActive = defineRpc<z.infer<typeof activeRequest>, TemplateDetail>({
  name: 'renderer.templates.set_active.v1',
  service: 'template-renderer',
  summary: 'Takes a template out of the lookup, or back into it.',
  request: activeRequest,
  response: templateDetailSchema,
  example: { request: { tenant, key, active: true, by }, response: exampleDetail },
});

const versionsRequest = oneOf.extend(paging);

/** Newest first. Errors: 404. */
export const listTemplateVersions = defineRpc<
  z.infer<typeof versionsRequest>,
  { data: TemplateVersion[]; next: string | null }
>({
  name: 'renderer.templates.versions.v1',
  service: 'template-renderer',
  summary: 'A page of the published versions of a template, newest first.',
  request: versionsRequest,
  response: pageOf(templateVersionSchema),
  example: { request: { tenant, key, limit: 20, after: null }, response: { data: [exampleVersion], next: null } },
});

const versionRequest = oneOf.extend({ version: versionNumber });

/** Errors: 404. */
export const getTemplateVersion = defineRpc<z.infer<typeof versionRequest>, TemplateVersionDetail>({
  name: 'renderer.templates.version.v1',
  service: 'template-renderer',
  summary: 'One published version of a template with its words.',
  request: versionRequest,
  response: templateVersionDetailSchema,
  example: { request: { tenant, key, version: 3 }, response: exampleVersionDetail },
});

const publishedSchema = z.object({
  /** Whether there is a new version: not where its words are those of the newest one. */
  published: z.boolean(),
  template: templateDetailSchema,
});
export type Published = z.infer<typeof publishedSchema>;
const examplePublished: Published = { published: true, template: { ...exampleDetail, draft: null } };

const publishRequest = one.extend({ expected: z.string().optional(), by: z.string() });

/**
 * Makes the draft the next version. Errors: 409 `no_draft`; 409 `template_changed` when other words were published since the
 * version that the draft was made from; 412 `draft_changed`; 422 `invalid_template`.
 */
export const publishTemplate = defineRpc<z.infer<typeof publishRequest>, Published>({
  name: 'renderer.templates.publish.v1',
  service: 'template-renderer',
  summary: 'Publishes a draft: it is what is sent from now on.',
  request: publishRequest,
  response: publishedSchema,
  example: { request: { tenant, key, by }, response: examplePublished },
});

const rollBackRequest = one.extend({ version: versionNumber, by: z.string() });

/** Publishes a copy of an earlier version. Errors: 404; 422 `invalid_template`. */
export const rollBackTemplate = defineRpc<z.infer<typeof rollBackRequest>, Published>({
  name: 'renderer.templates.roll_back.v1',
  service: 'template-renderer',
  summary: 'Brings the words of an earlier version back as the next version.',
  request: rollBackRequest,
  response: publishedSchema,
  example: { request: { tenant, key, version: 2, by }, response: examplePublished },
});

/** A version's number, or the draft. */
export const templateStageSchema = z.union([versionNumber, z.literal('draft')]);
export type TemplateStage = z.infer<typeof templateStageSchema>;

/** What differs between two stages of a template, by field. */
export const templateDiffSchema = z.object({
  from: templateStageSchema,
  to: templateStageSchema,
  fields: z.array(
    z.object({
      /** `subject`, `actions[0].label` */
      field: z.string(),
      change: z.enum(['added', 'changed', 'removed']),
      lines: z.array(z.object({ change: z.enum(['same', 'added', 'removed']), text: z.string() })),
    }),
  ),
});
export type TemplateDiff = z.infer<typeof templateDiffSchema>;

const diffRequest = oneOf.extend({ from: templateStageSchema, to: templateStageSchema });

/** Fields that are the same are left out. Errors: 404 naming the version or the draft that is not there. */
export const diffTemplate = defineRpc<z.infer<typeof diffRequest>, TemplateDiff>({
  name: 'renderer.templates.diff.v1',
  service: 'template-renderer',
  summary: 'What differs between two versions of a template, or a version and the draft.',
  request: diffRequest,
  response: templateDiffSchema,
  example: {
    request: { tenant, key, from: 3, to: 'draft' },
    response: {
      from: 3,
      to: 'draft',
      fields: [
        {
          field: 'text',
          change: 'changed',
          lines: [
            { change: 'removed', text: exampleSource.text },
            { change: 'added', text: 'Invoice {{ invoice_number }} is due on {{ due_date | date }}.' },
          ],
        },
      ],
    },
  },
});
