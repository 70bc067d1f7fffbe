import { Body, Controller, Get, Headers, Post, Put, Query, Res } from '@nestjs/common';
import {
  catalogDocumentSchema,
  catalogVersionSchema,
  effectiveCatalog,
  getCatalog,
  listCatalogVersions,
  Problem,
  revertCatalog,
  type CatalogVersion,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import type { FastifyReply } from 'fastify';
import { stringify } from 'yaml';
import { z } from 'zod';
import { Allow, CallerName, Tenant } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import { body, query } from '../http/input.pipe.ts';
import { after, page, pagingSchema, type Page } from '../http/paging.ts';
import { forTemplates, TimeLimit } from '../limits/time-limit.ts';
import { acceptsYaml, catalogText } from './catalog-body.ts';
import { CatalogDesk, catalogAnswerSchema, isProblem, type CatalogAnswer } from './catalog-desk.ts';
import { exampleDocument, exampleText } from './example.ts';
import { dryRunQuery, flag, type DryRunQuery } from './queries.ts';
import type { CatalogText } from './text/reading.ts';

const getQuery = z
  .strictObject({
    /** An earlier one. */
    version: z.coerce.number({ error: 'must be the number of a version' }).int().min(1).max(2_147_483_647).optional(),
    effective: flag,
    format: z.enum(['json', 'yaml']).optional(),
  })
  .refine(({ effective, version }) => !effective || version === undefined, {
    path: ['version'],
    message: 'cannot be asked for together with effective: what is in force is always the current one',
  });
const versionsSchema = z.object({
  data: z.array(catalogVersionSchema.omit({ document: true, text: true })),
  next_cursor: z.string().nullable(),
});
const revertSchema = z.strictObject({
  /** Whose content is to be in force again; 0: no document of your own. */
  version: z.number().int().min(0),
});

/** A tenant's rules as one document. */
@Controller('v1/admin/catalog')
@Allow('admin', { read: 'viewer', change: 'editor' })
@TimeLimit(forTemplates)
export class CatalogController {
  constructor(
    private readonly desk: CatalogDesk,
    private readonly messages: Messages,
  ) {}

  @Get()
  @Describe({
    summary: 'Your catalog document',
    description:
      'What can be sent back with `PUT`. YAML for `Accept: application/yaml` or `?format=yaml`: the text as it was sent, with its comments. `ETag` is its version, 0 where there is none yet. `?version=` gives an earlier one. `?effective=true` answers what is in force instead: the built-in catalog with yours laid over it and everything that was left out filled in.',
    query: getQuery,
    response: z.union([catalogDocumentSchema, effectiveCatalog.response]),
    responseYaml: exampleText,
    headers: { etag: 'The version of the document.' },
    errors: { 404: 'not_found' },
  })
  async get(
    @Tenant() tenant: string,
    @Query(query(getQuery)) { version, effective, format }: z.infer<typeof getQuery>,
    @Headers('accept') accept: string | undefined,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<unknown> {
    const yaml = format === undefined ? acceptsYaml(accept) : format === 'yaml';
    const found = effective
      ? await this.messages.call(effectiveCatalog, { tenant })
      : await this.messages.call(getCatalog, { tenant, version });
    void reply.header('etag', etag(found.version)).header('vary', 'accept');
    const document = 'document' in found ? found.document : found;
    if (!yaml) return document;
    void reply.type('application/yaml; charset=utf-8');
    return 'document' in found && found.format === 'yaml' && found.version > 0 ? found.text : stringify(document);
  }

  @Put()
  @Describe({
    summary: 'Replace your catalog document',
    description:
      'As YAML or JSON. It is checked as a whole, templates too, before anything changes: whatever is wrong comes in one answer, each error with its line and column. `?dry_run=true` answers what would change and changes nothing. With `If-Match: "<version>"` it is refused when somebody has changed the document since.',
    query: dryRunQuery,
    body: catalogDocumentSchema,
    bodyExample: exampleDocument,
    bodyYaml: exampleText,
    response: catalogAnswerSchema,
    requestHeaders: { 'If-Match': 'The ETag of the document that you have seen: no other one is replaced.' },
    headers: { etag: 'The version of the document.' },
    errors: { 412: 'catalog_changed', 413: 'catalog_too_large', 422: 'invalid_catalog' },
  })
  async put(
    @Tenant() tenant: string,
    @CallerName() by: string,
    @Query(query(dryRunQuery)) { dry_run: dryRun }: DryRunQuery,
    @Headers('if-match') ifMatch: string | undefined,
    @Body(catalogText) text: CatalogText,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<CatalogAnswer> {
    try {
      const answer = await this.desk.put(text, { tenant, by, dryRun, expected: versionOf(ifMatch) });
      void reply.header('etag', etag(answer.version));
      return answer;
    } catch (error) {
      throw isProblem(error, 'catalog_changed') ? new Problem({ ...error.toJSON(), status: 412 }) : error;
    }
  }

  @Get('versions')
  @Describe({
    summary: 'The versions of your catalog document, newest first',
    query: pagingSchema,
    response: versionsSchema,
  })
  async versions(
    @Tenant() tenant: string,
    @Query(query(pagingSchema)) { limit, cursor }: z.infer<typeof pagingSchema>,
  ): Promise<Page<Omit<CatalogVersion, 'document' | 'text'>>> {
    const list = 'catalog-versions';
    const place = after(list, cursor, /^[1-9]\d{0,8}$/);
    return page(list, await this.messages.call(listCatalogVersions, { tenant, limit, after: place }));
  }

  @Post('revert')
  @Describe({
    summary: 'Go back to an earlier version',
    description: 'Its content becomes the next version. `?dry_run=true` answers what would change.',
    query: dryRunQuery,
    body: revertSchema,
    bodyExample: { version: 2 },
    response: catalogAnswerSchema,
    errors: { 404: 'not_found', 422: 'invalid_catalog' },
  })
  async revert(
    @Tenant() tenant: string,
    @CallerName() by: string,
    @Query(query(dryRunQuery)) { dry_run }: DryRunQuery,
    @Body(body(revertSchema)) { version }: z.infer<typeof revertSchema>,
  ): Promise<CatalogAnswer> {
    return { ...(await this.messages.call(revertCatalog, { tenant, version, dry_run, applied_by: by })), dry_run };
  }
}

function etag(version: number): string {
  return `"${version}"`;
}

/** The version that an `If-Match` header names. */
function versionOf(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined) return undefined;
  const [, version] = /^\s*(?:W\/)?"(\d{1,9})"\s*$/.exec(ifMatch) ?? [];
  if (version !== undefined) return Number(version);
  throw new Problem({
    status: 400,
    code: 'invalid_headers',
    title: 'The headers are not valid',
    errors: [{ path: 'if-match', message: 'must be the ETag that the document came with, such as "3"' }],
  });
}
