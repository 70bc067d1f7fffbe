import { Body, Controller, Param, Post, Query, UseInterceptors } from '@nestjs/common';
import { parseInput } from '@carillon/contracts';
import { z } from 'zod';
import { Allow } from '../../access/access.guard.ts';
import { Describe } from '../../http/describe.ts';
import { query } from '../../http/input.pipe.ts';
import { admitSecret } from '../doorkeeper.ts';
import { ForgedWebhooks } from '../forged-webhooks.interceptor.ts';
import { wishOf } from '../inbound/wish.ts';
import { deliveryQuery, tenantQuery, type DeliveryQuery } from '../queries.ts';
import { Receiving } from '../receiving.ts';
import { WebhookKeys } from '../webhook-keys.ts';
import { receiptOf, reportSchema } from './report.ts';

const inboundSchema = z.object({
  id: z.string().min(1).max(128),
  from: z.string().max(64),
  text: z.string().max(10_000).default(''),
});

/** What Africa's Talking reports of SMS, and what people answer. It signs nothing, so its URLs hold a secret. */
@Controller('webhooks/africastalking/:secret')
@Allow('public')
@UseInterceptors(ForgedWebhooks)
export class AfricasTalkingWebhooksController {
  constructor(
    private readonly receiving: Receiving,
    private readonly keys: WebhookKeys,
  ) {}

  @Post('reports')
  @Describe({
    summary: 'What became of an SMS, as Africa’s Talking reports it',
    description:
      'A form. Set the callback URL for delivery reports at Africa’s Talking to this one, with `AFRICASTALKING_WEBHOOK_SECRET`. An SMS that is not known is no error.',
    query: deliveryQuery,
    bodyTypes: ['application/x-www-form-urlencoded'],
    status: 204,
    errors: { 403: 'forged_webhook', 404: 'webhook_not_configured', 429: 'too_many_attempts' },
  })
  async report(
    @Param('secret') secret: string,
    @Query(query(deliveryQuery)) of: DeliveryQuery,
    @Body() form: unknown,
  ): Promise<void> {
    admitSecret(secret, await this.keys.of('africastalking', of));
    const report = receiptOf(parseInput(reportSchema, form, 'body'), of, new Date().toISOString());
    if (report) await this.receiving.receipts('sms', [report]);
  }

  @Post('inbound')
  @Describe({
    summary: 'What somebody has answered by SMS, as Africa’s Talking forwards it',
    description: 'STOP and its like suppress the number, START lifts that again; see the same route of Twilio.',
    query: tenantQuery,
    bodyTypes: ['application/x-www-form-urlencoded'],
    status: 204,
    errors: { 403: 'forged_webhook', 404: 'webhook_not_configured', 429: 'too_many_attempts' },
  })
  async inbound(
    @Param('secret') secret: string,
    @Query(query(tenantQuery)) of: z.infer<typeof tenantQuery>,
    @Body() form: unknown,
  ): Promise<void> {
    admitSecret(secret, await this.keys.of('africastalking', of));
    const { id, from, text } = parseInput(inboundSchema, form, 'body');
    const wish = wishOf(of.provider ?? 'africastalking', from, text, new Date().toISOString());
    if (wish) await this.receiving.wish(of.tenant, `africastalking ${id}`, wish);
  }
}
