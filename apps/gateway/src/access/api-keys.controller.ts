import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import { refuseUnstorable } from '@carillon/contracts';
import { z } from 'zod';
import { Describe } from '../http/describe.ts';
import { body, query } from '../http/input.pipe.ts';
import { after, page, pagingSchema, type Page } from '../http/paging.ts';
import { uuid } from '../http/uuid.pipe.ts';
import { Identity, type RequestIdentity } from '../idempotency/request-identity.ts';
import { Allow, CallerName, Tenant } from './access.guard.ts';
import { ApiKeys, type ApiKey, type NewApiKey } from './api-keys.ts';
import { platformScope, scopes } from './scopes.ts';

const keyId = uuid('API key');
const time = z.iso.datetime();

const apiKeySchema = z.object({
  id: z.uuid(),
  name: z.string(),
  prefix: z.string().nullable().describe('Its first characters, to know it by; null where they were not kept.'),
  scopes: z.array(z.enum([...scopes, platformScope])),
  state: z.enum(['active', 'expired', 'revoked']),
  created_at: time,
  created_by: z.string().nullable(),
  expires_at: time.nullable(),
  last_used_at: time.nullable().describe('Written once a minute.'),
  revoked_at: time.nullable(),
  successor: z.uuid().nullable().describe('The key that takes its place.'),
});
export const newApiKeySchema = apiKeySchema.extend({
  key: z.string().describe('The key itself. It is shown this once and cannot be told again.'),
});
const pageSchema = z.object({ data: z.array(apiKeySchema), next_cursor: z.string().nullable() });

const inputSchema = z.strictObject({
  name: z
    .string()
    .trim()
    .min(1)
    .max(100)
    .superRefine(refuseUnstorable)
    .describe('What it is for; stands in records of who did what.'),
  scopes: z
    .array(z.enum(scopes))
    .min(1, 'name at least one scope')
    .refine((list) => new Set(list).size === list.length, 'must not name a scope twice'),
  expires_at: z.iso
    .datetime({ offset: true, error: 'must be an RFC 3339 time with a zone, such as 2027-01-01T00:00:00Z' })
    .refine((text) => Date.parse(text) > Date.now(), 'must lie in the future')
    .optional()
    .describe('Left out: it does not expire.'),
});

const day = 86_400;
const rotationSchema = z.strictObject({
  overlap_seconds: z
    .number()
    .int()
    .min(0)
    .max(90 * day)
    .default(day)
    .describe('How long the old key goes on beside the new one.'),
});

/** The keys of a tenant's servers. */
@Controller('v1/admin/api-keys')
@Allow('admin', 'owner')
export class ApiKeysController {
  constructor(private readonly keys: ApiKeys) {}

  @Get()
  @Describe({ summary: 'The API keys, newest first', query: pagingSchema, response: pageSchema })
  async list(
    @Tenant() tenant: string,
    @Query(query(pagingSchema)) { limit, cursor }: z.infer<typeof pagingSchema>,
  ): Promise<Page<ApiKey>> {
    return page('api-keys', await this.keys.list(tenant, { limit, after: after('api-keys', cursor) }));
  }

  @Post()
  @Describe({
    summary: 'Create an API key',
    description: 'The answer has the key itself, which is shown this once: only its hash is kept.',
    body: inputSchema,
    bodyExample: { name: 'billing service', scopes: ['events:write'], expires_at: '2100-01-01T00:00:00Z' },
    response: newApiKeySchema,
    status: 201,
  })
  create(
    @Tenant() tenant: string,
    @CallerName() created_by: string,
    @Identity() identity: RequestIdentity,
    @Body(body(inputSchema)) { expires_at, ...wanted }: z.infer<typeof inputSchema>,
  ): Promise<NewApiKey> {
    const expires = expires_at ? new Date(expires_at) : null;
    return this.keys.issue(tenant, { ...wanted, expires_at: expires, created_by }, identity.id());
  }

  @Get(':id')
  @Describe({ summary: 'An API key', response: apiKeySchema, errors: { 404: 'not_found' } })
  get(@Tenant() tenant: string, @Param('id', keyId) id: string): Promise<ApiKey> {
    return this.keys.get(tenant, id);
  }

  @Post(':id/rotate')
  @Describe({
    summary: 'Replace an API key by a new one',
    description:
      'The new key has the same name and scopes and, where the old one was to expire, as long a life. The old one goes on for `overlap_seconds`, a day unless told, in which its users change over.',
    body: rotationSchema,
    bodyExample: { overlap_seconds: day },
    response: newApiKeySchema,
    status: 201,
    errors: { 404: 'not_found', 409: 'already_rotated, not_active, set_by_settings' },
  })
  rotate(
    @Tenant() tenant: string,
    @CallerName() by: string,
    @Identity() identity: RequestIdentity,
    @Param('id', keyId) id: string,
    @Body(body(rotationSchema)) { overlap_seconds }: z.infer<typeof rotationSchema>,
  ): Promise<NewApiKey> {
    return this.keys.rotate(tenant, id, overlap_seconds, { by, successorId: identity.id() });
  }

  @Delete(':id')
  @Describe({
    summary: 'Revoke an API key',
    description: 'It opens nothing any more: at once on the replica that is asked, on the others within five seconds.',
    response: apiKeySchema,
    errors: { 404: 'not_found' },
  })
  revoke(@Tenant() tenant: string, @Param('id', keyId) id: string): Promise<ApiKey> {
    return this.keys.revoke(tenant, id);
  }
}
