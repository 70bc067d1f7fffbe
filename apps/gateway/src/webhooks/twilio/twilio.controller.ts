import { Body, Controller, Header, Headers, Inject, Post, Query, Req, UseInterceptors } from '@nestjs/common';
import { parseInput } from '@carillon/contracts';
import { CONFIG } from '@carillon/service';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Allow } from '../../access/access.guard.ts';
import type { GatewayConfig } from '../../config.ts';
import { Describe } from '../../http/describe.ts';
import { query } from '../../http/input.pipe.ts';
import { forged, isSame, notConfigured } from '../doorkeeper.ts';
import { ForgedWebhooks } from '../forged-webhooks.interceptor.ts';
import { wishOf } from '../inbound/wish.ts';
import { deliveryQuery, tenantQuery, type DeliveryQuery } from '../queries.ts';
import { Receiving } from '../receiving.ts';
import { WebhookKeys, type WebhookOwner } from '../webhook-keys.ts';
import { twilioSignature, type Form } from './signature.ts';
import { receiptOf, statusSchema } from './status.ts';

const inboundSchema = z.object({
  MessageSid: z.string().max(64),
  From: z.string().max(64),
  Body: z.string().max(10_000).default(''),
  /** Set by Twilio's Advanced Opt-Out, in whichever language it was said. */
  OptOutType: z.enum(['STOP', 'START', 'HELP']).optional().catch(undefined),
});

/** What Twilio reports of SMS, and what people answer. */
@Controller('webhooks/twilio')
@Allow('public')
@UseInterceptors(ForgedWebhooks)
export class TwilioWebhooksController {
  constructor(
    private readonly receiving: Receiving,
    private readonly keys: WebhookKeys,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {}

  @Post('status')
  @Describe({
    summary: 'What became of an SMS, as Twilio reports it',
    description:
      'A form, signed by Twilio (`X-Twilio-Signature`) over the exact URL: `PUBLIC_URL` must be what Twilio calls. Answers 204 once the report is safe; an SMS that is not known is no error, as Twilio would only ask again.',
    query: deliveryQuery,
    bodyTypes: ['application/x-www-form-urlencoded'],
    status: 204,
    errors: { 403: 'forged_webhook', 404: 'webhook_not_configured', 429: 'too_many_attempts' },
  })
  async status(
    @Req() request: FastifyRequest,
    @Headers('x-twilio-signature') signature: string | undefined,
    @Query(query(deliveryQuery)) of: DeliveryQuery,
    @Body() form: Form | undefined,
  ): Promise<void> {
    await this.admit(request, signature, form, of);
    const report = receiptOf(parseInput(statusSchema, form, 'body'), of, new Date().toISOString());
    if (report) await this.receiving.receipts('sms', [report]);
  }

  @Post('inbound')
  @Header('content-type', 'text/xml')
  @Describe({
    summary: 'What somebody has answered by SMS, as Twilio forwards it',
    description:
      'STOP and its like, also in Swahili and French, suppress the number; START lifts that again. Anything else has no effect. Signed like a status. Answers with TwiML that says nothing: what the law wants confirmed, Twilio confirms.',
    query: tenantQuery,
    bodyTypes: ['application/x-www-form-urlencoded'],
    errors: { 403: 'forged_webhook', 404: 'webhook_not_configured', 429: 'too_many_attempts' },
  })
  async inbound(
    @Req() request: FastifyRequest,
    @Headers('x-twilio-signature') signature: string | undefined,
    @Query(query(tenantQuery)) of: z.infer<typeof tenantQuery>,
    @Body() form: Form | undefined,
  ): Promise<string> {
    await this.admit(request, signature, form, of);
    const { MessageSid, From, Body: text, OptOutType } = parseInput(inboundSchema, form, 'body');
    const wish = wishOf(of.provider ?? 'twilio', From, OptOutType ?? text, new Date().toISOString());
    if (wish) await this.receiving.wish(of.tenant, `twilio ${MessageSid}`, wish);
    return '<?xml version="1.0" encoding="UTF-8"?><Response/>';
  }

  /** @throws Problem 403, 404 */
  private async admit(
    request: FastifyRequest,
    signature: string | undefined,
    form: Form | undefined,
    of: WebhookOwner,
  ): Promise<void> {
    const token = await this.keys.of('twilio', of);
    const { PUBLIC_URL: publicUrl } = this.config;
    if (publicUrl === undefined) throw notConfigured('Set PUBLIC_URL at the gateway.');
    const expected = twilioSignature(token, publicUrl + request.originalUrl, form ?? {});
    if (signature === undefined || !isSame(signature, expected)) {
      throw forged('X-Twilio-Signature does not fit the URL, the form and the auth token.');
    }
  }
}
