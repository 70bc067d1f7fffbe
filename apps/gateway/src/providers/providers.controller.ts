import { Body, Controller, Delete, Get, Param, Post, Put, Query, Res } from '@nestjs/common';
import {
  checkProvider,
  deleteProvider,
  getProvider,
  listProviders,
  Problem,
  providerCheckSchema,
  providerInputSchema,
  providerNameSchema,
  providerSchema,
  putProvider,
  type ProviderCheck,
  type ProviderInput,
  type ProviderView,
  type SentChannel,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { SecretBox } from '@carillon/service';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Allow, CallerName, Tenant } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import { body, query } from '../http/input.pipe.ts';
import { sentChannel } from './channel.pipe.ts';

const providerName = {
  transform(value: string): string {
    if (providerNameSchema.safeParse(value).success) return value;
    throw Problem.notFound('provider', value.slice(0, 64));
  },
};
const newProviderName = {
  transform(value: string): string {
    const parsed = providerNameSchema.safeParse(value);
    if (parsed.success) return value;
    const [issue] = parsed.error.issues;
    throw Problem.unprocessable('invalid_provider', 'The provider is not valid', [
      { path: 'name', message: issue!.message },
    ]);
  },
};
const putQuery = z.strictObject({
  check: z
    .enum(['true', 'false'], { error: 'must be true or false' })
    .default('false')
    .transform((text) => text === 'true')
    .describe('Ask the provider first whether it takes the credentials; nothing is kept when it does not'),
});

const bodyExample: ProviderInput = {
  kind: 'twilio',
  settings: { account_sid: 'AC0123456789abcdef0123456789abcdef', from: '+15005550006' },
  secrets: { auth_token: 'the auth token of the account' },
  order: 1,
  weight: 1,
  enabled: true,
  sender_ids: { '254': 'SCHOOL' },
  rate_per_second: 10,
  concurrency: null,
};

/** Through whom the emails and SMS of a tenant go out. */
@Controller('v1/admin/providers/:channel')
@Allow('admin', { read: 'viewer', change: 'owner' })
export class ProvidersController {
  constructor(
    private readonly messages: Messages,
    private readonly box: SecretBox,
  ) {}

  @Get()
  @Describe({
    summary: 'The providers of a channel in the order in which they are asked',
    description:
      'With what their circuit breakers do. The installation’s providers come last; they serve tenants that have no enabled provider of their own (`in_use`).',
    response: z.object({ data: z.array(providerSchema) }),
    errors: { 404: 'not_found' },
  })
  list(
    @Tenant() tenant: string,
    @Param('channel', sentChannel) channel: SentChannel,
  ): Promise<{ data: ProviderView[] }> {
    return this.messages.call(listProviders, { tenant, channel });
  }

  @Get(':name')
  @Describe({ summary: 'One provider', response: providerSchema, errors: { 404: 'not_found' } })
  get(
    @Tenant() tenant: string,
    @Param('channel', sentChannel) channel: SentChannel,
    @Param('name', providerName) name: string,
  ): Promise<ProviderView> {
    return this.messages.call(getProvider, { tenant, channel, name });
  }

  @Put(':name')
  @Describe({
    summary: 'Make or replace a provider',
    description:
      'Secrets are sealed before anything else happens with them, and never shown again. One that is left out stays as it is, `null` removes it. 201 when the provider is new. In use at once, on all replicas.',
    body: providerInputSchema,
    bodyExample,
    query: putQuery,
    response: providerSchema,
    also: { 201: 'It is new.' },
    errors: { 404: 'not_found', 422: 'invalid_provider, provider_refused' },
  })
  async put(
    @Tenant() tenant: string,
    @CallerName() updated_by: string,
    @Param('channel', sentChannel) channel: SentChannel,
    @Param('name', newProviderName) name: string,
    @Query(query(putQuery)) { check }: z.infer<typeof putQuery>,
    @Body(body(providerInputSchema)) input: ProviderInput,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ProviderView> {
    const secrets = Object.entries(input.secrets).map(([field, secret]) => [
      field,
      secret === null ? null : this.box.seal(secret, [tenant, name, field]),
    ]);
    const provider = { ...input, secrets: Object.fromEntries(secrets) as ProviderInput['secrets'] };
    const request = { tenant, channel, name, provider, check, updated_by };
    const { created, ...view } = await this.messages.call(putProvider, request, { timeoutMs: 15_000 });
    if (created) void reply.status(201);
    return view;
  }

  @Delete(':name')
  @Describe({
    summary: 'Remove a provider',
    description: 'What is on its way through it is finished. Answers with what was removed.',
    response: providerSchema,
    errors: { 404: 'not_found' },
  })
  remove(
    @Tenant() tenant: string,
    @Param('channel', sentChannel) channel: SentChannel,
    @Param('name', providerName) name: string,
  ): Promise<ProviderView> {
    return this.messages.call(deleteProvider, { tenant, channel, name });
  }

  @Post(':name/check')
  @Describe({
    summary: 'Ask a provider whether it takes the credentials',
    description: 'Sends no message.',
    response: providerCheckSchema,
    errors: { 404: 'not_found' },
  })
  check(
    @Tenant() tenant: string,
    @Param('channel', sentChannel) channel: SentChannel,
    @Param('name', providerName) name: string,
  ): Promise<ProviderCheck> {
    return this.messages.call(checkProvider, { tenant, channel, name }, { timeoutMs: 15_000 });
  }
}
