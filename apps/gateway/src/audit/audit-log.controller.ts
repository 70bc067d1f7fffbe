import { Readable } from 'node:stream';
import { Controller, Get, Inject, Param, Query, StreamableFile } from '@nestjs/common';
import { timestampSchema } from '@carillon/contracts';
import { CONFIG } from '@carillon/service';
import { z } from 'zod';
import { Allow, Tenant } from '../access/access.guard.ts';
import type { GatewayConfig } from '../config.ts';
import { Describe } from '../http/describe.ts';
import { query } from '../http/input.pipe.ts';
import { after, page, pagingSchema, type Page } from '../http/paging.ts';
import { uuid } from '../http/uuid.pipe.ts';
import { auditEntrySchema, type AuditEntry } from './audit-entry.ts';
import { AuditLog, type AuditFilter, type Verified } from './audit-log.ts';
import { csvHead, csvLine } from './csv.ts';
import { Masking } from './masking.ts';

const filterFields = {
  actor: z.string().min(1).max(200).optional().describe('Id or name of the API key or member.'),
  action: z
    .string()
    .regex(/^[a-z0-9.-]{1,100}$/, 'must be the name of an action, such as providers.put, or the first parts of it')
    .optional()
    .describe('Such as `providers.put`; the first part alone, `providers`, finds all of them.'),
  target: z
    .string()
    .min(1)
    .max(400)
    .optional()
    .describe('Such as `providers/email/smtp`; the first parts alone find all that begin so. A recipient by their id.'),
  from: timestampSchema.optional().describe('Not before this time.'),
  to: timestampSchema.optional().describe('Before this time.'),
};
const listQuery = z.strictObject({ ...filterFields, ...pagingSchema.shape });
const exportQuery = z.strictObject({
  ...filterFields,
  format: z.enum(['ndjson', 'csv'], { error: 'must be ndjson or csv' }).default('ndjson'),
});
const pageSchema = z.object({ data: z.array(auditEntrySchema), next_cursor: z.string().nullable() });
const verifiedSchema = z.object({
  intact: z.boolean(),
  rows: z.number().int().describe('How many were looked at: two for each action that has ended.'),
  broken_at: z
    .number()
    .int()
    .nullable()
    .describe('The first row that is not as it was written, or before which one is missing.'),
  last: z.number().int().describe('The place of the last row that was looked at.'),
  head: z.string().nullable().describe('Its hash. Kept elsewhere it proves later that nothing up to it was changed.'),
  more: z.boolean().describe('There are rows after it: go on with `?from=` the last place.'),
});
const verifyQuery = z.strictObject({
  from: z.coerce
    .number({ error: 'must be the place of a row' })
    .int()
    .min(0)
    .default(0)
    .describe(
      'The `last` of the part before; left out: from the beginning. 50,000 rows are looked at with one request.',
    ),
});

const exportedAtOnce = 500;

/** Who did what in a tenant. */
@Controller('v1/admin/audit-log')
@Allow('admin', 'editor')
export class AuditLogController {
  constructor(
    private readonly log: AuditLog,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {}

  @Get()
  @Describe({
    summary: 'Who did what, newest first',
    description:
      'Every action of an admin, refused ones too, with what it changed. Addresses and secrets are masked, recipients stand there under names that nobody can turn back; ask for one by their id.',
    query: listQuery,
    response: pageSchema,
  })
  async list(
    @Tenant() tenant: string,
    @Query(query(listQuery)) { limit, cursor, ...filter }: z.infer<typeof listQuery>,
  ): Promise<Page<AuditEntry>> {
    const place = after('audit-log', cursor, /^\d{1,18}$/);
    return page('audit-log', await this.log.list(tenant, this.told(tenant, filter), { limit, after: place }));
  }

  @Get('export')
  @Describe({
    summary: 'The same as one file',
    description: 'NDJSON, an entry a line, or CSV (RFC 4180). A log of any length is streamed.',
    query: exportQuery,
    responseTypes: ['application/x-ndjson', 'text/csv'],
    headers: { 'content-disposition': 'The name of the file.' },
  })
  export(
    @Tenant() tenant: string,
    @Query(query(exportQuery)) { format, ...filter }: z.infer<typeof exportQuery>,
  ): StreamableFile {
    const lines = this.lines(tenant, this.told(tenant, filter), format);
    return new StreamableFile(Readable.from(lines, { objectMode: false }), {
      type: format === 'csv' ? 'text/csv; charset=utf-8' : 'application/x-ndjson',
      disposition: `attachment; filename="audit-log.${format}"`,
    });
  }

  @Get('verify')
  @Describe({
    summary: 'Whether the log is as it was written',
    description:
      'Recomputes the chain of hashes: each row has the hash of the row before it, so one that was changed, added or taken away later shows. Months that retention has dropped are no break.',
    query: verifyQuery,
    response: verifiedSchema,
  })
  verify(
    @Tenant() tenant: string,
    @Query(query(verifyQuery)) { from }: z.infer<typeof verifyQuery>,
  ): Promise<Verified> {
    return this.log.verify(tenant, from);
  }

  @Get(':id')
  @Describe({ summary: 'One action', response: auditEntrySchema, errors: { 404: 'not_found' } })
  get(@Tenant() tenant: string, @Param('id', uuid('audit entry')) id: string): Promise<AuditEntry> {
    return this.log.get(tenant, id);
  }

  private async *lines(tenant: string, filter: AuditFilter, format: 'ndjson' | 'csv'): AsyncGenerator<string> {
    if (format === 'csv') yield csvHead;
    for (let place: string | null = null; ;) {
      const { data, next } = await this.log.list(tenant, filter, { limit: exportedAtOnce, after: place });
      if (data.length > 0)
        yield data.map((each) => (format === 'csv' ? csvLine(each) : `${JSON.stringify(each)}\n`)).join('');
      if (next === null) return;
      place = next;
    }
  }

  /** Recipients stand in the log under other names than their ids. */
  private told<F extends AuditFilter>(tenant: string, filter: F): F {
    const [, id, rest] = /^recipients\/([^/]+)(\/.*)?$/.exec(filter.target ?? '') ?? [];
    if (id === undefined || /^person-[0-9a-f]{24}$/.test(id)) return filter;
    const person = new Masking(this.config.CARILLON_SECRET, tenant).person(id);
    return { ...filter, target: `recipients/${person}${rest ?? ''}` };
  }
}
