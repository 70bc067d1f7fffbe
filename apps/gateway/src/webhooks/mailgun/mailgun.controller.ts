import { createHmac } from 'node:crypto';
import { Body, Controller, Post, Query, UseInterceptors } from '@nestjs/common';
import { parseInput } from '@carillon/contracts';
import { z } from 'zod';
import { Allow } from '../../access/access.guard.ts';
import { query } from '../../http/input.pipe.ts';
import { Describe } from '../../http/describe.ts';
import { forged, isSame } from '../doorkeeper.ts';
import { ForgedWebhooks } from '../forged-webhooks.interceptor.ts';
import { ownerQuery } from '../queries.ts';
import { Receiving } from '../receiving.ts';
import { WebhookKeys, type WebhookOwner } from '../webhook-keys.ts';
import { eventSchema, receiptOf } from './event.ts';
import { SignedTokens, windowSeconds } from './signed-tokens.ts';

const signatureSchema = z.object({
  timestamp: z.string().regex(/^\d{1,12}$/, 'must be a Unix time'),
  token: z.string().min(1).max(128),
  signature: z.string().max(128),
});

/** What Mailgun reports of emails. */
@Controller('webhooks/mailgun')
@Allow('public')
@UseInterceptors(ForgedWebhooks)
export class MailgunWebhooksController {
  constructor(
    private readonly receiving: Receiving,
    private readonly tokens: SignedTokens,
    private readonly keys: WebhookKeys,
  ) {}

  @Post('events')
  @Describe({
    summary: 'What became of an email, as Mailgun reports it',
    description:
      'JSON with Mailgun’s signature (HMAC of time and token). A signature serves once: with another event it is refused. Answers 204 once the report is safe; an email that is not known is no error.',
    query: ownerQuery,
    bodyTypes: ['application/json'],
    status: 204,
    errors: { 403: 'forged_webhook', 404: 'webhook_not_configured', 429: 'too_many_attempts' },
  })
  async event(@Query(query(ownerQuery)) of: z.infer<typeof ownerQuery>, @Body() body: unknown): Promise<void> {
    const { signature, 'event-data': event } = parseInput(
      z.object({ signature: signatureSchema, 'event-data': z.record(z.string(), z.unknown()) }),
      body,
      'body',
    );
    await this.admit(signature, of);
    // Only a genuine one is remembered.
    if (!(await this.tokens.isFirstUse(signature.token, event)))
      throw forged('The signature was used for another event.');
    const report = receiptOf(parseInput(eventSchema, event, 'body'), of);
    if (report) await this.receiving.receipts('email', [report]);
  }

  /** @throws Problem 403, 404 */
  private async admit(
    { timestamp, token, signature }: z.infer<typeof signatureSchema>,
    of: WebhookOwner,
  ): Promise<void> {
    const key = await this.keys.of('mailgun', of);
    const expected = createHmac('sha256', key)
      .update(timestamp + token)
      .digest('hex');
    if (!isSame(signature, expected))
      throw forged('The signature does not fit its time, its token and the signing key.');
    if (Math.abs(Date.now() / 1000 - Number(timestamp)) > windowSeconds) throw forged('The signature is too old.');
  }
}
