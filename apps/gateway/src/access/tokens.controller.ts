import { randomBytes } from 'node:crypto';
import { Body, Controller, Delete, Get, Param, Post, Put } from '@nestjs/common';
import { Problem, refuseUnstorable } from '@carillon/contracts';
import { ForbiddenTarget, NoAnswer, OutboundGuard } from '@carillon/service';
import { z } from 'zod';
import { Describe } from '../http/describe.ts';
import { body } from '../http/input.pipe.ts';
import { Allow, CallerName, Tenant } from './access.guard.ts';
import { KeySetAway } from './key-sets.ts';
import { audience } from './recipient-tokens.ts';
import { keySetAlgorithms, TokenKeys, type TokenKeySet, type TokenSecret } from './token-keys.ts';

const time = z.iso.datetime();
const kid = z.string().regex(/^[\w.-]{1,64}$/, 'must be 1 to 64 letters, digits, ".", "_" and "-"');

const secretSchema = z.object({ kid: z.string(), created_at: time, created_by: z.string() });
const newSecretSchema = secretSchema.extend({
  secret: z.string().describe('Its UTF-8 bytes are the key. It is shown this once and cannot be told again.'),
});
const secretInputSchema = z.strictObject({
  kid: kid.optional().describe('Its name, to be put into the header of tokens. Left out: one is made.'),
  secret: z
    .string()
    // RFC 7518, section 3.2: a key for HS256 is at least as long as its hash.
    .min(32, 'must be at least 32 characters; leave it out and one of 256 random bits is made')
    .max(512)
    .optional()
    .describe('One that your servers sign with already. Left out: a new one is made.'),
});

const keySetFields = {
  url: z.string().max(2_000).describe('Where the JSON Web Key Set is, such as `https://id.example.org/jwks.json`.'),
  algorithms: z
    .array(z.enum(keySetAlgorithms))
    .min(1, 'name at least one algorithm')
    .describe('What tokens may be signed with; anything else is refused.'),
  issuer: z
    .string()
    .min(1)
    .max(500)
    .superRefine(refuseUnstorable)
    .nullable()
    .describe('What `iss` must be; null: anything.'),
  audience: z.string().min(1).max(200).superRefine(refuseUnstorable).describe('What `aud` must be or contain.'),
};
const keySetSchema = z.object({ ...keySetFields, updated_at: time, updated_by: z.string() });
const keySetInputSchema = z.strictObject({
  ...keySetFields,
  algorithms: keySetFields.algorithms.default(['RS256', 'ES256', 'EdDSA']),
  issuer: keySetFields.issuer.default(null),
  audience: keySetFields.audience.default(audience),
});
const settingsSchema = z.object({ secrets: z.array(secretSchema), key_set: keySetSchema.nullable() });

const keySetExample = {
  url: 'https://id.example.org/jwks.json',
  algorithms: ['RS256'],
  issuer: 'https://id.example.org/',
  audience: 'carillon',
};

/** How a tenant's own servers or identity provider sign recipient tokens. */
@Controller('v1/admin/tokens')
@Allow('admin', 'owner')
export class TokensController {
  constructor(
    private readonly keys: TokenKeys,
    private readonly guard: OutboundGuard,
  ) {}

  @Get()
  @Describe({
    summary: 'By which keys recipient tokens are known to be genuine',
    description: 'Beside those that `POST /v1/recipients/{id}/tokens` mints, which need nothing to be set up.',
    response: settingsSchema,
  })
  async get(@Tenant() tenant: string): Promise<{ secrets: TokenSecret[]; key_set: TokenKeySet | null }> {
    const [secrets, keySet] = await Promise.all([this.keys.secrets(tenant), this.keys.keySet(tenant)]);
    return { secrets, key_set: keySet ?? null };
  }

  @Post('secrets')
  @Describe({
    summary: 'Add a secret for tokens that your servers sign with HS256',
    description:
      'The answer shows it this once; it is stored sealed. To rotate, add the next one, let your servers change over, then remove the old one. Up to five at a time.',
    body: secretInputSchema,
    bodyExample: { kid: '2026-11' },
    response: newSecretSchema,
    status: 201,
    errors: { 409: 'kid_in_use, too_many_secrets' },
  })
  addSecret(
    @Tenant() tenant: string,
    @CallerName() by: string,
    @Body(body(secretInputSchema)) { kid, secret }: z.infer<typeof secretInputSchema>,
  ): Promise<TokenSecret & { secret: string }> {
    return this.keys.addSecret(tenant, { kid: kid ?? `hs256-${randomBytes(4).toString('hex')}`, secret, by });
  }

  @Delete('secrets/:kid')
  @Describe({
    summary: 'Remove a secret',
    description:
      'Tokens signed with it open nothing any more: at once on the replica that is asked, on the others within five seconds. WebSockets with such a token are closed.',
    response: secretSchema,
    errors: { 404: 'not_found' },
  })
  removeSecret(@Tenant() tenant: string, @Param('kid') kid: string): Promise<TokenSecret> {
    return this.keys.removeSecret(tenant, kid);
  }

  @Put('key-set')
  @Describe({
    summary: 'Take tokens signed by your identity provider',
    description:
      'Its public keys are fetched from `url` (a JSON Web Key Set, RFC 7517) now, every ten minutes while they are needed, and for an unknown `kid` at most every thirty seconds. Tokens need `sub` (the recipient), `tenant`, `exp` and `aud`.',
    body: keySetInputSchema,
    bodyExample: keySetExample,
    response: keySetSchema,
    errors: { 422: 'invalid_key_set' },
  })
  async putKeySet(
    @Tenant() tenant: string,
    @CallerName() updated_by: string,
    @Body(body(keySetInputSchema)) input: z.infer<typeof keySetInputSchema>,
  ): Promise<TokenKeySet> {
    await this.check(input.url);
    return this.keys.putKeySet(tenant, { ...input, updated_by });
  }

  @Delete('key-set')
  @Describe({
    summary: 'Take no tokens of your identity provider any more',
    response: keySetSchema,
    errors: { 404: 'not_found' },
  })
  removeKeySet(@Tenant() tenant: string): Promise<TokenKeySet> {
    return this.keys.removeKeySet(tenant);
  }

  /** @throws Problem 422 where there are no keys */
  private async check(url: string): Promise<void> {
    try {
      this.guard.checkUrl(url);
      const { keys } = await this.keys.sets.fetch(url);
      if (keys.length === 0) throw new KeySetAway('it has no keys');
    } catch (error) {
      if (error instanceof ForbiddenTarget) throw invalid(error.message);
      if (error instanceof KeySetAway) throw invalid(`must lead to a key set, but ${error.message}`);
      if (error instanceof NoAnswer) throw invalid(`must lead to a key set, but there was no answer (${error.code})`);
      throw error;
    }
  }
}

function invalid(message: string): Problem {
  return Problem.unprocessable('invalid_key_set', 'The key set cannot be used', [{ path: 'url', message }]);
}
