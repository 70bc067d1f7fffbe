import { Body, Controller, Delete, Get, Inject, Param, Patch, Post, Query, Req } from '@nestjs/common';
import { CONFIG } from '@carillon/service';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Allow, CallerName, Tenant } from '../access/access.guard.ts';
import { roles } from '../access/scopes.ts';
import type { GatewayConfig } from '../config.ts';
import { Describe } from '../http/describe.ts';
import { body, query } from '../http/input.pipe.ts';
import { after, page, pagingSchema, type Page } from '../http/paging.ts';
import { uuid } from '../http/uuid.pipe.ts';
import { Sessions } from '../sessions/sessions.ts';
import { emailSchema, memberNameSchema } from './member-input.ts';
import { Members, type Invitation, type Member } from './members.ts';

const memberId = uuid('member');
const time = z.iso.datetime();

const memberSchema = z.object({
  id: z.uuid(),
  email: z.string(),
  name: z.string(),
  role: z.enum(roles),
  state: z.enum(['invited', 'active']).describe('`invited` until they have signed in for the first time.'),
  has_password: z.boolean(),
  has_openid: z.boolean().describe('Whether they have signed in at the identity provider.'),
  created_at: time,
  created_by: z.string(),
  last_signed_in_at: time.nullable(),
  invitation_expires_at: time.nullable(),
});
const invitedSchema = memberSchema.extend({
  invitation: z
    .object({
      url: z.string().describe('To be given to the member, by a way that others do not read.'),
      expires_at: time,
    })
    .describe('It is shown this once and is worth one time.'),
});
type Invited = Member & { invitation: { url: string; expires_at: Date } };
const pageSchema = z.object({ data: z.array(memberSchema), next_cursor: z.string().nullable() });
const inputSchema = z.strictObject({
  email: emailSchema,
  name: memberNameSchema.optional().describe('Left out: the email, until they choose one.'),
  role: z.enum(roles),
});
const changeSchema = z
  .strictObject({ name: memberNameSchema.optional(), role: z.enum(roles).optional() })
  .refine((change) => Object.keys(change).length > 0, 'say what to change: name, role or both');
const endedSchema = z.object({ ended: z.int().describe('How many sessions have ended.') });

/** The people who look after a tenant. */
@Controller('v1/admin/members')
@Allow('admin', { read: 'viewer', change: 'owner' })
export class MembersController {
  constructor(
    private readonly members: Members,
    private readonly sessions: Sessions,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {}

  @Get()
  @Describe({ summary: 'The members, oldest first', query: pagingSchema, response: pageSchema })
  async list(
    @Tenant() tenant: string,
    @Query(query(pagingSchema)) { limit, cursor }: z.infer<typeof pagingSchema>,
  ): Promise<Page<Member>> {
    return page('members', await this.members.list(tenant, { limit, after: after('members', cursor) }));
  }

  @Post()
  @Describe({
    summary: 'Invite a member',
    description:
      'The answer has a link with which they choose a password within a week. Where there is an identity provider they may sign in there instead, with this email.',
    body: inputSchema,
    bodyExample: { email: 'amina@example.org', name: 'Amina Otieno', role: 'editor' },
    response: invitedSchema,
    status: 201,
    errors: { 409: 'member_exists' },
  })
  async invite(
    @Tenant() tenant: string,
    @CallerName() by: string,
    @Req() request: FastifyRequest,
    @Body(body(inputSchema)) { email, name = email, role }: z.infer<typeof inputSchema>,
  ): Promise<Invited> {
    const { member, invitation } = await this.members.invite(tenant, { email, name, role, by });
    return { ...member, invitation: this.linked(invitation, request) };
  }

  @Get(':id')
  @Describe({ summary: 'A member', response: memberSchema, errors: { 404: 'not_found' } })
  get(@Tenant() tenant: string, @Param('id', memberId) id: string): Promise<Member> {
    return this.members.get(tenant, id);
  }

  @Patch(':id')
  @Describe({
    summary: 'Change a member’s role or name',
    description: 'It holds from their next request on. The last owner stays one.',
    body: changeSchema,
    bodyExample: { role: 'support' },
    response: memberSchema,
    errors: { 404: 'not_found', 409: 'last_owner' },
  })
  change(
    @Tenant() tenant: string,
    @Param('id', memberId) id: string,
    @Body(body(changeSchema)) change: z.infer<typeof changeSchema>,
  ): Promise<Member> {
    return this.members.change(tenant, id, change);
  }

  @Delete(':id')
  @Describe({
    summary: 'Remove a member',
    description: 'With all their sessions, on every replica at once. The last owner cannot be removed.',
    response: memberSchema,
    errors: { 404: 'not_found', 409: 'last_owner' },
  })
  remove(@Tenant() tenant: string, @Param('id', memberId) id: string): Promise<Member> {
    return this.members.remove(tenant, id);
  }

  @Post(':id/invitation')
  @Describe({
    summary: 'Invite a member again',
    description:
      'For somebody who has lost the first link, or forgotten the password: whoever follows the new one chooses a password. Earlier links are worth nothing any more.',
    response: invitedSchema,
    status: 201,
    errors: { 404: 'not_found' },
  })
  async inviteAgain(
    @Tenant() tenant: string,
    @Param('id', memberId) id: string,
    @Req() request: FastifyRequest,
  ): Promise<Invited> {
    const { member, invitation } = await this.members.inviteAgain(tenant, id);
    return { ...member, invitation: this.linked(invitation, request) };
  }

  @Delete(':id/sessions')
  @Describe({ summary: 'Sign a member out everywhere', response: endedSchema, errors: { 404: 'not_found' } })
  async signOut(@Tenant() tenant: string, @Param('id', memberId) id: string): Promise<z.infer<typeof endedSchema>> {
    await this.members.get(tenant, id);
    return { ended: await this.sessions.closeAll(tenant, id) };
  }

  /** The token stands behind the `#`, so that no server's log and no `Referer` has it. */
  private linked({ token, expires_at }: Invitation, { protocol, host }: FastifyRequest) {
    const base = this.config.PUBLIC_URL ?? `${protocol}://${host}`;
    return { url: `${base}/admin#/invitation/${token}`, expires_at };
  }
}
