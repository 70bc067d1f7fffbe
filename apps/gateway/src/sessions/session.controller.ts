import { Body, Controller, Delete, Get, Header, Inject, Post, Put, Query, Req, Res } from '@nestjs/common';
import { defaultTenant, tenantSchema } from '@carillon/contracts';
import { outsideRequests } from '@carillon/persistence';
import { CONFIG } from '@carillon/service';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Allow, Asking } from '../access/access.guard.ts';
import { roles } from '../access/scopes.ts';
import type { GatewayConfig } from '../config.ts';
import { Describe } from '../http/describe.ts';
import { body, query } from '../http/input.pipe.ts';
import { emailSchema, memberNameSchema } from '../members/member-input.ts';
import { newPasswordSchema } from '../members/passwords.ts';
import { KnownBrowsers } from './known-browsers.ts';
import { OpenId, openIdSeconds } from './openid.ts';
import { requireOwnPage } from './own-page.ts';
import { Sessions, type MemberCaller, type Session } from './sessions.ts';
import { SignIn } from './sign-in.ts';

const sessionSchema = z.object({
  tenant: z.string(),
  member: z.object({ id: z.uuid(), email: z.string(), name: z.string(), role: z.enum(roles) }),
  csrf_token: z.string().describe('To be sent in the header `X-CSRF-Token` with every request that changes something.'),
  expires_at: z.iso.datetime().describe('At the latest; unused, it ends before.'),
});
const endedSchema = z.object({ ended: z.int().describe('How many sessions have ended.') });
const waysSchema = z.object({
  password: z.boolean(),
  openid: z.object({ name: z.string() }).nullable().describe('The identity provider, where there is one.'),
});
const signInSchema = z.strictObject({
  tenant: tenantSchema.default(defaultTenant),
  email: emailSchema,
  password: z.string().min(1).max(200),
});
const invitationSchema = z.strictObject({
  token: z.string().regex(/^[\w-]{16,200}$/, 'must be what the link of the invitation ends with'),
  password: newPasswordSchema,
  name: memberNameSchema.optional().describe('What others see. Left out: what the owner has put.'),
});
const passwordSchema = z.strictObject({
  current_password: z.string().min(1).max(200),
  new_password: newPasswordSchema,
});
const openIdQuery = z.strictObject({ tenant: tenantSchema.default(defaultTenant) });

/** Of the routes that sign in or out. */
const headers = { 'set-cookie': 'The session, or its end, in a cookie that no script can read.' };

const password = 'correct horse battery staple';

/** How members get into the console and out again. */
@Controller('v1/admin/session')
@Allow('member')
export class SessionController {
  constructor(
    private readonly sessions: Sessions,
    private readonly signIn: SignIn,
    private readonly browsers: KnownBrowsers,
    private readonly openId: OpenId,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {}

  @Get('ways')
  @Allow('public')
  @Describe({ summary: 'The ways to sign in', response: waysSchema })
  ways(): z.infer<typeof waysSchema> {
    const { name } = this.openId;
    return { password: true, openid: name === undefined ? null : { name } };
  }

  @Post()
  @Allow('public')
  @Header('cache-control', 'no-store')
  @Describe({
    summary: 'Sign in with a password',
    description:
      'Sets a cookie that no script can read. What fails says the same, whether there is such a member or not.',
    body: signInSchema,
    bodyExample: { email: 'owner@example.org', password },
    response: sessionSchema,
    status: 201,
    headers,
    errors: { 401: 'sign_in_failed', 403: 'foreign_origin', 429: 'too_many_attempts' },
  })
  begin(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Body(body(signInSchema)) input: z.infer<typeof signInSchema>,
  ): Promise<Session> {
    requireOwnPage(request, this.config.PUBLIC_URL);
    return outsideRequests(async () => {
      const { tenant, email } = input;
      const member = await this.signIn.byPassword(input, request.ip, this.browsers.has(request, tenant, email));
      this.browsers.remember(reply, tenant, email);
      return this.sessions.open(member.tenant, member.id, request, reply);
    });
  }

  @Post('invitation')
  @Allow('public')
  @Header('cache-control', 'no-store')
  @Describe({
    summary: 'Accept an invitation with a new password',
    description: 'Signs in, and ends all other sessions of the member. An invitation is worth one time.',
    body: invitationSchema,
    bodyExample: { token: 'kq0X1b7yG5m2sD9vJ4hT8wR6nC3fLzAeUiOoPpQqSsT', password, name: 'Amina Otieno' },
    response: sessionSchema,
    status: 201,
    headers,
    errors: { 403: 'foreign_origin', 404: 'invitation_unknown', 429: 'too_many_attempts' },
  })
  accept(
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Body(body(invitationSchema)) { token, ...chosen }: z.infer<typeof invitationSchema>,
  ): Promise<Session> {
    requireOwnPage(request, this.config.PUBLIC_URL);
    return outsideRequests(async () => {
      const { tenant, id } = await this.signIn.byInvitation(token, chosen, request.ip);
      await this.sessions.closeAll(tenant, id);
      const session = await this.sessions.open(tenant, id, request, reply);
      this.browsers.remember(reply, tenant, session.member.email);
      return session;
    });
  }

  @Get('openid')
  @Allow('public')
  @Describe({
    summary: 'Sign in at the identity provider',
    description: 'For a browser to be led to: it goes on to the provider, comes back and ends in the console.',
    query: openIdQuery,
    status: 302,
    headers: { 'set-cookie': 'What to recognise the browser by when it comes back.' },
    errors: { 404: 'not_found' },
  })
  async toProvider(
    @Query(query(openIdQuery)) { tenant }: z.infer<typeof openIdQuery>,
    @Res() reply: FastifyReply,
  ): Promise<void> {
    const { url, journey } = await this.openId.begin(tenant);
    // Lax: the provider leads back here from its own page.
    this.sessions.setCookie(reply, 'openid', journey, { maxAge: openIdSeconds, sameSite: 'lax' });
    void reply.redirect(url, 302);
  }

  @Get('openid/callback')
  @Allow('public')
  @Header('cache-control', 'no-store')
  @Describe({
    summary: 'Come back from the identity provider',
    description: 'Ends in the console: signed in, or at its page for signing in, which says why not.',
    status: 302,
    headers,
  })
  async fromProvider(@Req() request: FastifyRequest, @Res() reply: FastifyReply): Promise<void> {
    const search = request.url.replace(/^[^?]*/, '');
    const identified = await this.openId.finish(search, this.sessions.cookieOf(request, 'openid'));
    this.sessions.setCookie(reply, 'openid', '', { maxAge: 0, sameSite: 'lax' });
    const trouble = await outsideRequests(async () => {
      if (!identified) return 'failed';
      const member = await this.signIn.byOpenId(identified, request.ip);
      if (!member) return 'no_member';
      await this.sessions.open(member.tenant, member.id, request, reply);
      return undefined;
    });
    void reply.redirect(`${this.config.PUBLIC_URL}/admin${trouble ? `#/sign-in?trouble=${trouble}` : ''}`, 302);
  }

  @Get()
  @Header('cache-control', 'no-store')
  @Describe({ summary: 'Who has signed in', response: sessionSchema, errors: { 404: 'not_found' } })
  get(@Req() request: FastifyRequest): Promise<Session> {
    return this.sessions.current(request);
  }

  @Delete()
  @Describe({ summary: 'Sign out', response: endedSchema, headers })
  async end(
    @Asking() caller: MemberCaller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<z.infer<typeof endedSchema>> {
    await this.sessions.close(caller, reply);
    return { ended: 1 };
  }

  @Delete('all')
  @Describe({ summary: 'Sign out everywhere', response: endedSchema, headers })
  async endAll(
    @Asking() { tenant, memberId }: MemberCaller,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<z.infer<typeof endedSchema>> {
    const ended = await this.sessions.closeAll(tenant, memberId);
    this.sessions.forget(reply);
    return { ended };
  }

  @Put('password')
  @Header('cache-control', 'no-store')
  @Describe({
    summary: 'Change one’s password',
    description: 'Ends all other sessions; this one goes on as a new one, with a new `csrf_token`.',
    body: passwordSchema,
    bodyExample: { current_password: password, new_password: 'a longer phrase that nobody else has' },
    response: sessionSchema,
    headers,
    errors: { 403: 'wrong_password', 409: 'no_password', 429: 'too_many_attempts' },
  })
  async changePassword(
    @Asking() caller: MemberCaller,
    @Req() request: FastifyRequest,
    @Res({ passthrough: true }) reply: FastifyReply,
    @Body(body(passwordSchema)) input: z.infer<typeof passwordSchema>,
  ): Promise<Session> {
    await this.signIn.changePassword(caller, input, request.ip);
    await this.sessions.closeAll(caller.tenant, caller.memberId);
    return this.sessions.open(caller.tenant, caller.memberId, request, reply);
  }
}
