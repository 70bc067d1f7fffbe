import { Module } from '@nestjs/common';
import { AfricasTalkingWebhooksController } from './africas-talking/africas-talking.controller.ts';
import { BouncesController } from './bounces/bounces.controller.ts';
import { MailgunWebhooksController } from './mailgun/mailgun.controller.ts';
import { SignedTokens } from './mailgun/signed-tokens.ts';
import { Receiving } from './receiving.ts';
import { TwilioWebhooksController } from './twilio/twilio.controller.ts';

/** What providers tell us: nothing goes on that is not known to be theirs, and nothing is acknowledged that is not safe. */
@Module({
  controllers: [
    TwilioWebhooksController,
    AfricasTalkingWebhooksController,
    MailgunWebhooksController,
    BouncesController,
  ],
  providers: [Receiving, SignedTokens],
})
export class WebhooksModule {}
