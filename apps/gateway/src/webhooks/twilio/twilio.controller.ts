import { Body, Controller, Header, Headers, Inject, Post, Query, Req } from '@nestjs/common';
import { parseInput } from '@carillon/contracts';
import { CONFIG } from '@carillon/service';
import type { FastifyRequest } from 'fastify';
import { z } from 'zod';
import { Allow } from '../../access/access.guard.ts';
import type { GatewayConfig } from '../../config.ts';
import { Describe } from '../../http/describe.ts';
import { query } from '../../http/input.pipe.ts';
import { forged, isSame, notConfigured } from '../doorkeeper.ts';
import { wishOf } from '../inbound/wish.ts';
import { deliveryQuery, tenantQuery, type DeliveryQuery } from '../queries.ts';
import { Receiving } from '../receiving.ts';
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
export class TwilioWebhooksController {
  constructor(
    private readonly receiving: Receiving,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {}

  @Post('status')
  @Describe({
    summary: 'What became of an SMS, as Twilio reports it',
    description:
      'A form, signed by Twilio (`X-Twilio-Signature`) over the exact URL: `PUBLIC_URL` must be what Twilio calls. Answers 204 once the report is safe; an SMS that is not known is no error, as Twilio would only ask again.',
    query: deliveryQuery,
    status: 204,
    errors: { 403: 'forged_webhook', 404: 'webhook_not_configured' },
  })
  async status(
    @Req() request: FastifyRequest,
    @Headers('x-twilio-signature') signature: string | undefined,
    @Query(query(deliveryQuery)) of: DeliveryQuery,
    @Body() form: Form | undefined,
  ): Promise<void> {
    this.admit(request, signature, form);
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
    response: z.string(),
    errors: { 403: 'forged_webhook', 404: 'webhook_not_configured' },
  })
  async inbound(
    @Req() request: FastifyRequest,
    @Headers('x-twilio-signature') signature: string | undefined,
    @Query(query(tenantQuery)) { tenant }: z.infer<typeof tenantQuery>,
    @Body() form: Form | undefined,
  ): Promise<string> {
    this.admit(request, signature, form);
    const { MessageSid, From, Body: text, OptOutType } = parseInput(inboundSchema, form, 'body');
    const wish = wishOf('twilio', From, OptOutType ?? text, new Date().toISOString());
    if (wish) await this.receiving.wish(tenant, `twilio ${MessageSid}`, wish);
    return '<?xml version="1.0" encoding="UTF-8"?><Response/>';
  }

  /** @throws Problem 403, 404 */
  private admit(request: FastifyRequest, signature: string | undefined, form: Form | undefined): asserts form is Form {
    const { TWILIO_AUTH_TOKEN: token, PUBLIC_URL: publicUrl } = this.config;
    if (token === undefined) throw notConfigured('TWILIO_AUTH_TOKEN');
    if (publicUrl === undefined) throw notConfigured('PUBLIC_URL');
    const expected = twilioSignature(token, publicUrl + request.originalUrl, form ?? {});
    if (signature === undefined || !isSame(signature, expected)) {
      throw forged('X-Twilio-Signature does not fit the URL, the form and the auth token.');
    }
  }
}
