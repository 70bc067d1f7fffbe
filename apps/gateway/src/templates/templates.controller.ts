import { Body, Controller, Delete, Get, Headers, Param, Patch, Post, Put, Query, Res } from '@nestjs/common';
import {
  checkTemplatesTimeoutMs,
  deleteDraft,
  diffTemplate,
  getTemplate,
  getTemplateVersion,
  jsonObjectSchema,
  listTemplates,
  listTemplateVersions,
  parseInput,
  partsOfTemplateKey,
  publishTemplate,
  refuseUnstorable,
  rollBackTemplate,
  saveDraft,
  setTemplateActive,
  templateDetailSchema,
  templateFilterSchema,
  templateKeySchema,
  templateOwners,
  templateSchema,
  templateVersionSchema,
  templateWarningSchema,
  type Template,
  type TemplateDetail,
  type TemplateDiff,
  type TemplateVersion,
  type TemplateVersionDetail,
} from '@carillon/contracts';
import { Messages, type ResponseOf } from '@carillon/messaging';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Allow, CallerName, Tenant } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import { body, query } from '../http/input.pipe.ts';
import { after, page, pagingSchema, type Page } from '../http/paging.ts';
import { forTemplates, TimeLimit } from '../limits/time-limit.ts';
import { DescribedTypes } from './described-types.ts';
import { etag, revisionOf } from './revision.ts';

const list = 'templates';
const listQuery = z.strictObject({ ...templateFilterSchema.shape, ...pagingSchema.shape });
const listSchema = z.object({ data: z.array(templateSchema), next_cursor: z.string().nullable() });

/** Whose template is meant; without it your own, and Carillon's where you have none. */
const owner = z.enum(templateOwners).optional();
const ownerQuery = z.strictObject({ owner });
const versionsQuery = z.strictObject({ owner, ...pagingSchema.shape });
const versionsSchema = z.object({ data: z.array(templateVersionSchema), next_cursor: z.string().nullable() });

const versionNumber = z.coerce.number({ error: 'must be the number of a version' }).int().min(1);
const stage = z.union([z.literal('draft'), versionNumber], { error: 'must be the number of a version, or draft' });
const diffQuery = z.strictObject({ owner, from: stage, to: stage });

const draftSchema = z.strictObject({
  /** The words, as the channel's templates are written. */
  source: jsonObjectSchema.superRefine(refuseUnstorable),
  /** The version that they were made from; without it the newest one when the draft is begun. */
  based_on: z.number().int().min(0).optional(),
});
const savedSchema = templateDetailSchema.extend({ warnings: z.array(templateWarningSchema) });
const activeSchema = z.strictObject({ active: z.boolean() });
const rollbackSchema = z.strictObject({ version: z.int32().min(1) });

/** Of the routes that change a draft, and of those that show one. */
const requestHeaders = {
  'If-Match': 'The ETag of the draft that you have seen: no other one is meant. `*` means whichever there is.',
};
const headers = { etag: 'The revision of the draft; left out where there is none.' };

/** What is saved is compiled first, and may have to wait for what others save. */
const patient = { timeoutMs: checkTemplatesTimeoutMs };

/** The key of a template in a path. */
export const templateKey = {
  transform: (key: string): string => parseInput(z.object({ key: templateKeySchema }), { key }, 'path').key,
};
const versionInPath = {
  transform: (version: string): number => parseInput(z.object({ version: versionNumber }), { version }, 'path').version,
};

/** The words of notification types, by channel and language: what they are, were and will be. */
@Controller('v1/admin/templates')
@Allow('admin', { read: 'viewer', change: 'editor' })
@TimeLimit(forTemplates)
export class TemplatesController {
  constructor(
    private readonly messages: Messages,
    private readonly types: DescribedTypes,
  ) {}

  @Get()
  @Describe({
    summary: 'All templates, your own and Carillon’s',
    description:
      'Sorted by type, channel and language. `owner=own` are yours, `owner=system` Carillon’s, which yours stand before. `status`: `active`, `inactive` (switched off), `withdrawn` (your catalog document has it no more), `draft` (there is a draft, whether something is published or not).',
    query: listQuery,
    response: listSchema,
  })
  async list(
    @Tenant() tenant: string,
    @Query(query(listQuery)) { limit, cursor, ...filter }: z.infer<typeof listQuery>,
  ): Promise<Page<Template>> {
    const place = after(list, cursor, /^[\w-]+\.[a-z_]+\.[\w-]+ (own|system)$/);
    return page(list, await this.messages.call(listTemplates, { tenant, filter, limit, after: place }));
  }

  @Get(':key')
  @Describe({
    summary: 'One template with its words and its draft',
    description:
      'Your own; Carillon’s where you have none, or with `?owner=system`. `version.origin` says where the words came from: `admin`, `catalog` (your document) or `system`. `document` is the version with the words that your catalog document has: where it is not the newest, an admin’s words stand in their place until the document changes them. `ETag` is the revision of the draft.',
    query: ownerQuery,
    response: templateDetailSchema,
    headers,
    errors: { 404: 'not_found' },
  })
  async get(
    @Tenant() tenant: string,
    @Param('key', templateKey) key: string,
    @Query(query(ownerQuery)) { owner }: z.infer<typeof ownerQuery>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<TemplateDetail> {
    return tagged(reply, await this.messages.call(getTemplate, { tenant, key, owner }));
  }

  @Put(':key')
  @Describe({
    summary: 'Begin a draft, or change it',
    description:
      'Nothing of it is sent before it is published. It is checked as if it were: whatever is wrong comes in one answer, with line and column. `warnings` say what is allowed but looks like a mistake. A draft that is there already is only changed with its ETag as `If-Match` (or `*`), so that two people do not overwrite each other.',
    body: draftSchema,
    bodyExample: { source: saveDraft.example.request.source },
    response: savedSchema,
    requestHeaders,
    headers,
    errors: { 412: 'draft_changed', 422: 'invalid_template, unknown_type', 428: 'draft_exists' },
  })
  async save(
    @Tenant() tenant: string,
    @CallerName() by: string,
    @Param('key', templateKey) key: string,
    @Headers('if-match') ifMatch: string | undefined,
    @Body(body(draftSchema)) draft: z.infer<typeof draftSchema>,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<z.infer<typeof savedSchema>> {
    const expected = revisionOf(ifMatch);
    const schema = await this.types.schemaOf(tenant, partsOfTemplateKey(key).type);
    const request = { tenant, key, ...draft, expected, by, schema };
    const { template, warnings } = await this.messages.call(saveDraft, request, patient);
    return { ...tagged(reply, template), warnings };
  }

  @Delete(':key')
  @Describe({
    summary: 'Throw a draft away',
    description:
      'What is published stays; `PATCH` with `active: false` takes it out of use. With `If-Match` only the draft that you have seen. The answer is what it was.',
    response: deleteDraft.response,
    requestHeaders,
    errors: { 404: 'not_found', 412: 'draft_changed' },
  })
  delete(
    @Tenant() tenant: string,
    @Param('key', templateKey) key: string,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<ResponseOf<typeof deleteDraft>> {
    return this.messages.call(deleteDraft, { tenant, key, expected: revisionOf(ifMatch) });
  }

  @Patch(':key')
  @Describe({
    summary: 'Switch a template on or off',
    description:
      'One that is switched off is passed over: the next one of the lookup order is used, and the trace of each notification says so. Carillon’s own can be switched off as well, for you alone. Publishing does not switch it on.',
    query: ownerQuery,
    body: activeSchema,
    bodyExample: { active: false },
    response: templateDetailSchema,
    errors: { 404: 'not_found' },
  })
  setActive(
    @Tenant() tenant: string,
    @CallerName() by: string,
    @Param('key', templateKey) key: string,
    @Query(query(ownerQuery)) { owner }: z.infer<typeof ownerQuery>,
    @Body(body(activeSchema)) { active }: z.infer<typeof activeSchema>,
  ): Promise<TemplateDetail> {
    return this.messages.call(setTemplateActive, { tenant, key, owner, active, by });
  }

  @Get(':key/versions')
  @Describe({
    summary: 'The published versions of a template, newest first',
    description:
      'A version never changes. `restored_from` is the earlier one that a rollback brought back; `recompiled_from` the one with the same words, of which only the frame or the compiler changed.',
    query: versionsQuery,
    response: versionsSchema,
    errors: { 404: 'not_found' },
  })
  async versions(
    @Tenant() tenant: string,
    @Param('key', templateKey) key: string,
    @Query(query(versionsQuery)) { owner, limit, cursor }: z.infer<typeof versionsQuery>,
  ): Promise<Page<TemplateVersion>> {
    const place = after(`${list}-versions`, cursor, /^[1-9]\d{0,8}$/);
    const found = await this.messages.call(listTemplateVersions, { tenant, key, owner, limit, after: place });
    return page(`${list}-versions`, found);
  }

  @Get(':key/versions/:version')
  @Describe({
    summary: 'One published version with its words',
    query: ownerQuery,
    response: getTemplateVersion.response,
    errors: { 404: 'not_found' },
  })
  version(
    @Tenant() tenant: string,
    @Param('key', templateKey) key: string,
    @Param('version', versionInPath) version: number,
    @Query(query(ownerQuery)) { owner }: z.infer<typeof ownerQuery>,
  ): Promise<TemplateVersionDetail> {
    return this.messages.call(getTemplateVersion, { tenant, key, owner, version });
  }

  @Post(':key/publish')
  @Describe({
    summary: 'Publish the draft',
    description:
      'It becomes the next version, which is used from the next notification on, everywhere at once. Refused where other words were published since the version that the draft was made from: look at them, then save the draft with `based_on`. With `If-Match` only the draft that you have seen. A draft that says what is in use already makes no version.',
    response: publishTemplate.response,
    requestHeaders,
    errors: { 409: 'no_draft, template_changed', 412: 'draft_changed', 422: 'invalid_template' },
  })
  publish(
    @Tenant() tenant: string,
    @CallerName() by: string,
    @Param('key', templateKey) key: string,
    @Headers('if-match') ifMatch: string | undefined,
  ): Promise<ResponseOf<typeof publishTemplate>> {
    return this.messages.call(publishTemplate, { tenant, key, expected: revisionOf(ifMatch), by }, patient);
  }

  @Post(':key/rollback')
  @Describe({
    summary: 'Go back to an earlier version',
    description:
      'A copy of it becomes the next version, which says `restored_from`; the history stays as it is. A draft stays too.',
    body: rollbackSchema,
    bodyExample: { version: 2 },
    response: rollBackTemplate.response,
    errors: { 404: 'not_found', 422: 'invalid_template' },
  })
  rollBack(
    @Tenant() tenant: string,
    @CallerName() by: string,
    @Param('key', templateKey) key: string,
    @Body(body(rollbackSchema)) { version }: z.infer<typeof rollbackSchema>,
  ): Promise<ResponseOf<typeof rollBackTemplate>> {
    return this.messages.call(rollBackTemplate, { tenant, key, version, by }, patient);
  }

  @Get(':key/diff')
  @Describe({
    summary: 'What differs between two versions, or a version and the draft',
    description: '`?from=3&to=draft`: by field, and in each line by line. Fields that are the same are left out.',
    query: diffQuery,
    response: diffTemplate.response,
    errors: { 404: 'not_found' },
  })
  diff(
    @Tenant() tenant: string,
    @Param('key', templateKey) key: string,
    @Query(query(diffQuery)) stages: z.infer<typeof diffQuery>,
  ): Promise<TemplateDiff> {
    return this.messages.call(diffTemplate, { tenant, key, ...stages });
  }
}

function tagged<T extends Pick<TemplateDetail, 'draft'>>(reply: FastifyReply, template: T): T {
  const tag = etag(template.draft);
  if (tag) void reply.header('etag', tag);
  return template;
}
