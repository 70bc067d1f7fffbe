import { getSubscription, Problem, setSubscription, type Subscription } from '@carillon/contracts';
import { Messages, type RequestOf } from '@carillon/messaging';
import { CONFIG, PublicLinks } from '@carillon/service';
import { Body, Controller, Get, Header, Inject, Param, Post, Res, UseFilters } from '@nestjs/common';
import type { FastifyReply } from 'fastify';
import { z } from 'zod';
import { Allow } from '../access/access.guard.ts';
import type { GatewayConfig } from '../config.ts';
import { BodyLimit } from '../http/body-limit.ts';
import { Describe } from '../http/describe.ts';
import { VisitLimit } from '../http/visit-limit.ts';
import { htmlOf, pageHeaders } from '../public-pages/page.ts';
import { PageFilter } from '../public-pages/page.filter.ts';
import { Senders } from './senders.ts';
import { actions, subscriptionPage, type Action } from './subscription-page.ts';

const formSchema = z.object({
  action: z.enum(Object.keys(actions) as [Action, ...Action[]]).optional(),
});

const errors = { 404: 'not_found', 429: 'too_many_requests' };
type Key = RequestOf<typeof getSubscription>;

/** The page to which the unsubscribe link of an email leads. Whoever has the email may use it. */
@Controller('u')
@Allow('public')
@UseFilters(PageFilter)
export class SubscriptionsController {
  private readonly links: PublicLinks | undefined;
  private readonly limit = new VisitLimit(30);

  constructor(
    private readonly messages: Messages,
    private readonly senders: Senders,
    @Inject(CONFIG) config: GatewayConfig,
  ) {
    this.links = PublicLinks.of(config);
  }

  @Get(':signed')
  @Header('content-type', 'text/html')
  @Describe({
    summary: 'The page to unsubscribe on',
    description: 'Shows how the subscription stands, in the recipient’s language. Looking at it changes nothing.',
    errors,
  })
  async show(@Param('signed') signed: string, @Res() reply: FastifyReply): Promise<void> {
    const key = this.keyOf(signed);
    await this.send(reply, key, await this.messages.call(getSubscription, key), false);
  }

  @Post(':signed')
  @BodyLimit(16_384)
  @Header('content-type', 'text/html')
  @Describe({
    summary: 'Unsubscribe, or subscribe again',
    description:
      'What a button of the page posts; without `action` it unsubscribes from the category, which is what mail programs post for one click (RFC 8058). Repeating it changes nothing.',
    body: formSchema,
    bodyTypes: ['application/x-www-form-urlencoded', 'multipart/form-data'],
    errors,
  })
  async change(@Param('signed') signed: string, @Body() body: unknown, @Res() reply: FastifyReply): Promise<void> {
    const key = this.keyOf(signed);
    const form = formSchema.safeParse(body ?? {});
    if (!form.success) {
      throw new Problem({
        status: 400,
        code: 'invalid_body',
        title: 'The body is not valid',
        errors: [{ path: 'action', message: `must be one of ${Object.keys(actions).join(', ')}` }],
      });
    }
    const change = actions[form.data.action ?? 'unsubscribe'];
    await this.send(reply, key, await this.messages.call(setSubscription, { ...key, ...change }), true);
  }

  /** @throws Problem 404, 429 */
  private keyOf(signed: string): Key {
    const subscription = this.links?.readSubscription(signed);
    if (!subscription) throw new Problem({ status: 404, code: 'not_found', title: 'There is no such link' });
    this.limit.take(signed);
    return subscription as Key;
  }

  private async send(reply: FastifyReply, { tenant }: Key, subscription: Subscription, done: boolean): Promise<void> {
    const page = subscriptionPage(subscription, await this.senders.nameOf(tenant), done);
    void reply.headers(pageHeaders).type('text/html; charset=utf-8').send(htmlOf(page));
  }
}
