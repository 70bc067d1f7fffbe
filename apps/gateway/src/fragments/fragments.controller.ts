import { Body, Delete, Get, Headers, Injectable, Param, Post, Put, Query, Res } from '@nestjs/common';
import {
  fragmentAnswerSchema,
  fragmentHeadSchema,
  fragmentKeySchema,
  fragmentNoteSchema,
  fragmentVersionSchema,
  getFragment,
  listFragments,
  listFragmentVersions,
  parseInput,
  Problem,
  saveFragment,
  saveFragmentTimeoutMs,
  type FragmentAnswer,
  type FragmentDetail,
  type FragmentHead,
  type FragmentKind,
  type FragmentSource,
  type FragmentVersion,
  type SaveFragment,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { CallerName, Tenant } from '../access/access.guard.ts';
import { dryRunQuery, type DryRunQuery } from '../catalog/queries.ts';
import { Describe } from '../http/describe.ts';
import { body, query } from '../http/input.pipe.ts';
import { after, page, pagingSchema, type Page } from '../http/paging.ts';

export interface Fragments {
  kind: FragmentKind;
  /** What `PUT` takes, without the note. */
  source: z.ZodObject<any>;
  example: FragmentSource;
  detail: z.ZodType;
  /** What it is for. */
  what: string;
}

const versionQuery = z.strictObject({
  /** An earlier one. */
  version: z.coerce.number({ error: 'must be the number of a version' }).int().min(1).max(2_147_483_647).optional(),
});
const rollbackSchema = z.strictObject({
  /** Whose text is to be in use again. */
  version: z.int32({ error: 'must be the number of a version' }).min(1),
  note: fragmentNoteSchema.optional(),
});
const versionsSchema = z.object({ data: z.array(fragmentVersionSchema), next_cursor: z.string().nullable() });
const listSchema = z.object({ data: z.array(fragmentHeadSchema), next_cursor: z.string().nullable() });

/** Reading and writing the layouts, or the partials, of a tenant; a controller's class extends what this makes. */
export function fragmentsController({ kind, source, example, detail, what }: Fragments) {
  const putSchema = source.extend({ note: fragmentNoteSchema.optional() });
  const requestHeaders = { 'If-Match': `The version of the ${kind} that you have seen: no other one is changed.` };
  const errors = { 412: 'fragment_changed', 422: `invalid_${kind}, templates_would_break` };

  @Injectable()
  class FragmentsController {
    constructor(readonly messages: Messages) {}

    @Get()
    @Describe({ summary: `Your ${kind}s, by key`, query: pagingSchema, response: listSchema })
    async list(
      @Tenant() tenant: string,
      @Query(query(pagingSchema)) { limit, cursor }: z.infer<typeof pagingSchema>,
    ): Promise<Page<FragmentHead>> {
      const list = `${kind}s`;
      const place = after(list, cursor, /^[a-z0-9][a-z0-9_-]*$/);
      return page(list, await this.messages.call(listFragments, { tenant, kind, limit, after: place }));
    }

    @Get(':key')
    @Describe({
      summary: `One ${kind}`,
      description:
        'As it is in use, with the templates that it is in; `?version=` gives an earlier one. `ETag` is the version.',
      query: versionQuery,
      response: detail,
      headers: { etag: 'The version.' },
      errors: { 404: 'not_found' },
    })
    async get(
      @Tenant() tenant: string,
      @Param('key', fragmentKey) key: string,
      @Query(query(versionQuery)) { version }: z.infer<typeof versionQuery>,
      @Res({ passthrough: true }) reply: FastifyReply,
    ): Promise<FragmentDetail> {
      const found = await this.messages.call(getFragment, { tenant, kind, key, version });
      void reply.header('etag', `"${found.version}"`);
      return found;
    }

    @Put(':key')
    @Describe({
      summary: `Create or replace a ${kind}`,
      description: `${what} It is the next version, and in use at once with every template that it is in: these are compiled anew, and when one of them would break nothing is saved and the answer names it. \`?dry_run=true\` answers what would change. With \`If-Match: "<version>"\` it is refused when somebody has changed it since; \`"0"\` creates only.`,
      query: dryRunQuery,
      body: putSchema,
      bodyExample: example,
      response: fragmentAnswerSchema,
      requestHeaders,
      errors,
    })
    put(
      @Tenant() tenant: string,
      @CallerName() by: string,
      @Param('key', fragmentKey) key: string,
      @Query(query(dryRunQuery)) { dry_run }: DryRunQuery,
      @Headers('if-match') ifMatch: string | undefined,
      @Body(body(putSchema)) { note = null, ...written }: FragmentSource & { note?: string | null },
    ): Promise<FragmentAnswer> {
      return this.save({ tenant, key, source: written, note, by, dry_run, expected: versionOf(ifMatch) });
    }

    @Delete(':key')
    @Describe({
      summary: `Remove a ${kind}`,
      description: `Refused when a template needs it; the answer names it. Its versions stay and can be brought back. \`?dry_run=true\` answers what would change.`,
      query: dryRunQuery,
      response: fragmentAnswerSchema,
      requestHeaders,
      errors: { 404: 'not_found', ...errors },
    })
    remove(
      @Tenant() tenant: string,
      @CallerName() by: string,
      @Param('key', fragmentKey) key: string,
      @Query(query(dryRunQuery)) { dry_run }: DryRunQuery,
      @Headers('if-match') ifMatch: string | undefined,
    ): Promise<FragmentAnswer> {
      return this.save({ tenant, key, source: null, note: null, by, dry_run, expected: versionOf(ifMatch) });
    }

    @Get(':key/versions')
    @Describe({
      summary: `The versions of a ${kind}, newest first`,
      query: pagingSchema,
      response: versionsSchema,
      errors: { 404: 'not_found' },
    })
    async versions(
      @Tenant() tenant: string,
      @Param('key', fragmentKey) key: string,
      @Query(query(pagingSchema)) { limit, cursor }: z.infer<typeof pagingSchema>,
    ): Promise<Page<FragmentVersion>> {
      const list = `${kind} ${key}`;
      const place = after(list, cursor, /^[1-9]\d{0,8}$/);
      return page(list, await this.messages.call(listFragmentVersions, { tenant, kind, key, limit, after: place }));
    }

    @Post(':key/rollback')
    @Describe({
      summary: `Bring back an earlier version of a ${kind}`,
      description: 'Its text becomes the next version. `?dry_run=true` answers what would change.',
      query: dryRunQuery,
      body: rollbackSchema,
      bodyExample: { version: 1 },
      response: fragmentAnswerSchema,
      requestHeaders,
      errors: { 404: 'not_found', ...errors },
    })
    rollBack(
      @Tenant() tenant: string,
      @CallerName() by: string,
      @Param('key', fragmentKey) key: string,
      @Query(query(dryRunQuery)) { dry_run }: DryRunQuery,
      @Headers('if-match') ifMatch: string | undefined,
      @Body(body(rollbackSchema)) { version, note }: z.infer<typeof rollbackSchema>,
    ): Promise<FragmentAnswer> {
      return this.save({ tenant, key, source: version, note: note ?? null, by, dry_run, expected: versionOf(ifMatch) });
    }

    async save(request: Omit<SaveFragment, 'kind'>): Promise<FragmentAnswer> {
      try {
        return await this.messages.call(saveFragment, { ...request, kind }, { timeoutMs: saveFragmentTimeoutMs });
      } catch (error) {
        const changed = error instanceof Problem && error.code === 'fragment_changed';
        throw changed ? new Problem({ ...error.toJSON(), status: 412 }) : error;
      }
    }
  }
  return FragmentsController;
}

const fragmentKey = {
  transform: (key: string) => parseInput(z.object({ key: fragmentKeySchema }), { key }, 'path').key,
};

/** The version that an `If-Match` header names. */
function versionOf(ifMatch: string | undefined): number | undefined {
  if (ifMatch === undefined) return undefined;
  const [, version] = /^\s*(?:W\/)?"(\d{1,9})"\s*$/.exec(ifMatch) ?? [];
  if (version !== undefined) return Number(version);
  throw new Problem({
    status: 400,
    code: 'invalid_headers',
    title: 'The headers are not valid',
    errors: [{ path: 'if-match', message: 'must be the ETag that it came with, such as "3"' }],
  });
}
