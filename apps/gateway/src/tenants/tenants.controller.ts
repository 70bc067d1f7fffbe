import { Readable } from 'node:stream';
import { Body, Controller, Get, Header, Param, Post, Query, StreamableFile } from '@nestjs/common';
import { Problem, refuseUnstorable, tenantSchema as tenantIdSchema } from '@carillon/contracts';
import { asRequestOf } from '@carillon/persistence';
import { TenantStandings } from '@carillon/service';
import { z } from 'zod';
import { Allow, CallerName, Tenant } from '../access/access.guard.ts';
import { newApiKeySchema } from '../access/api-keys.controller.ts';
import { ApiKeys, type NewApiKey } from '../access/api-keys.ts';
import { scopes } from '../access/scopes.ts';
import { Describe } from '../http/describe.ts';
import { body, query } from '../http/input.pipe.ts';
import { Identity, type RequestIdentity } from '../idempotency/request-identity.ts';
import { after, page, pagingSchema, type Page } from '../http/paging.ts';
import { TenantExport } from './tenant-export.ts';
import { TenantStore } from './tenant-store.ts';
import { tenantSchema, tenantStates, type TenantView } from './tenant-view.ts';

const listQuery = z.strictObject({ state: z.enum(tenantStates).optional(), ...pagingSchema.shape });
const pageSchema = z.object({ data: z.array(tenantSchema), next_cursor: z.string().nullable() });
const name = z.string().trim().min(1).max(200).superRefine(refuseUnstorable);
const createSchema = z.strictObject({
  id: tenantIdSchema.describe('By which it is known everywhere, for ever: an id is never used again.'),
  name: name.describe('For people; to be repeated when it is to be erased.'),
});
const createdSchema = tenantSchema.extend({
  api_key: newApiKeySchema.describe('Its first key, with every scope of a tenant. It is shown this once.'),
});
const suspendSchema = z.strictObject({
  reason: z.string().trim().min(1).max(500).superRefine(refuseUnstorable).optional(),
});
const eraseSchema = z.strictObject({ confirm: z.string().describe('The name of the tenant, as it stands here.') });

/** The customers of an installation, for whoever runs it. */
@Controller('v1/admin/tenants')
@Allow('platform')
export class TenantsController {
  constructor(
    private readonly store: TenantStore,
    private readonly keys: ApiKeys,
    private readonly standings: TenantStandings,
    private readonly exports: TenantExport,
  ) {}

  @Get()
  @Describe({ summary: 'The tenants, by id', query: listQuery, response: pageSchema })
  async list(@Query(query(listQuery)) { state, limit, cursor }: z.infer<typeof listQuery>): Promise<Page<TenantView>> {
    return page('tenants', await this.store.list(state, { limit, after: after('tenants', cursor) }));
  }

  @Post()
  @Describe({
    summary: 'Create a tenant with its first API key',
    description:
      'The answer has the key itself, which is shown this once. The catalog, templates and types that are built in are there at once.',
    body: createSchema,
    bodyExample: { id: 'shop', name: 'The corner shop' },
    response: createdSchema,
    status: 201,
    errors: { 409: 'tenant_exists' },
  })
  async create(
    @CallerName() by: string,
    @Identity() identity: RequestIdentity,
    @Body(body(createSchema)) { id, name }: z.infer<typeof createSchema>,
  ): Promise<TenantView & { api_key: NewApiKey }> {
    const keyId = identity.id();
    const first = { name: 'first key', scopes, created_by: by };
    const api_key =
      (await this.store.create(id, name, by, (db) => this.keys.issue(id, first, keyId, db))) ??
      (await asRequestOf(id, () => this.keys.reissue(id, keyId)));
    if (!api_key) {
      throw new Problem({
        status: 409,
        code: 'tenant_exists',
        title: 'The tenant is there already',
        detail: `"${id}" is in use, or was: an id is never used again. Choose another one.`,
      });
    }
    return { ...(await this.store.get(id)), api_key };
  }

  @Get(':id')
  @Describe({
    summary: 'A tenant, and how far what is done to it has come',
    response: tenantSchema,
    errors: { 404: 'not_found' },
  })
  get(@Param('id') id: string): Promise<TenantView> {
    return this.store.get(id);
  }

  @Post(':id/suspend')
  @Describe({
    summary: 'Suspend a tenant',
    description:
      'Requests with any of its credentials are answered 403 `tenant_suspended`, its sockets are closed. Its events from RabbitMQ, and timers that come due, lie with the dead letters until it is resumed. What was decided before and is not sent yet waits, or expires.',
    body: suspendSchema,
    bodyExample: { reason: 'The invoice of October is not paid.' },
    response: tenantSchema,
    status: 202,
    errors: { 404: 'not_found', 409: 'own_tenant, tenant_erased' },
  })
  async suspend(
    @Tenant() own: string,
    @Param('id') id: string,
    @Body(body(suspendSchema)) { reason }: z.infer<typeof suspendSchema>,
  ): Promise<TenantView> {
    refuseOwn(own, id);
    const tenant = await this.change(id, ['active', 'suspended'], 'suspended', reason ?? null);
    await asRequestOf(id, () => this.standings.put(id, 'suspended'));
    return tenant;
  }

  @Post(':id/resume')
  @Describe({
    summary: 'End a suspension',
    description: 'What was held meanwhile is published again, in the order in which it came.',
    response: tenantSchema,
    status: 202,
    errors: { 404: 'not_found', 409: 'tenant_erased' },
  })
  async resume(@Param('id') id: string): Promise<TenantView> {
    const tenant = await this.change(id, ['active', 'suspended'], 'active', null);
    await asRequestOf(id, () => this.standings.put(id, 'active'));
    return tenant;
  }

  @Get(':id/export')
  @Header('content-type', 'application/x-ndjson')
  @Describe({
    summary: 'Everything that is held of a tenant, as lines of JSON',
    description:
      'One line per row of every table of every service: `{service, table, row}`, without secrets. The first line names the tenant, the last one says how many rows there are: without it the export has broken off.',
    headers: { 'content-disposition': 'The name of the file.' },
    errors: { 404: 'not_found' },
  })
  async export(@Param('id') id: string): Promise<StreamableFile> {
    await this.store.get(id);
    const lines = await this.exports.lines(id, new Date());
    return new StreamableFile(Readable.from(lines, { objectMode: false }), {
      type: 'application/x-ndjson',
      disposition: `attachment; filename="${id}.ndjson"`,
    });
  }

  @Post(':id/erase')
  @Describe({
    summary: 'Erase a tenant with everything that is held of it',
    description:
      'It cannot be undone. Its credentials open nothing any more at once; `progress` of the tenant tells what is deleted. Only the id stays, so that nothing that is still on its way brings it back.',
    body: eraseSchema,
    bodyExample: { confirm: 'The corner shop' },
    response: tenantSchema,
    status: 202,
    errors: { 404: 'not_found', 409: 'own_tenant, tenant_erased', 422: 'not_confirmed' },
  })
  async erase(
    @Tenant() own: string,
    @Param('id') id: string,
    @Body(body(eraseSchema)) { confirm }: z.infer<typeof eraseSchema>,
  ): Promise<TenantView> {
    refuseOwn(own, id);
    const { name, state } = await this.store.get(id);
    if (state === 'erasing') return this.store.get(id);
    if (state !== 'erased' && confirm !== name) {
      throw Problem.unprocessable('not_confirmed', 'The erasure is not confirmed', [
        { path: 'confirm', message: 'must be the name of the tenant; GET it to see which' },
      ]);
    }
    const tenant = await this.change(id, ['active', 'suspended'], 'erasing', null);
    await asRequestOf(id, () => this.standings.put(id, 'erased'));
    return tenant;
  }

  /** @throws Problem 404; 409 `tenant_erased` */
  private async change(...change: Parameters<TenantStore['change']>): Promise<TenantView> {
    const changed = await this.store.change(...change);
    if (changed) return changed;
    const { id, state } = await this.store.get(change[0]);
    throw new Problem({
      status: 409,
      code: 'tenant_erased',
      title: 'The tenant is no more',
      detail: `"${id}" is ${state}.`,
    });
  }
}

/** @throws Problem 409 */
function refuseOwn(own: string, id: string): void {
  if (own === id)
    throw new Problem({
      status: 409,
      code: 'own_tenant',
      title: 'This is the tenant of your own key',
      detail: 'Use a key of another tenant: with this one you would lock yourself out.',
    });
}
