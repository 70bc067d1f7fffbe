import { Module } from '@nestjs/common';
import { CONFIG, SecretBox, secretBox } from '@carillon/service';
import type { GatewayConfig } from '../config.ts';
import { LimitsModule } from '../limits/limits.module.ts';
import { AfricasTalkingWebhooksController } from './africas-talking/africas-talking.controller.ts';
import { BouncesController } from './bounces/bounces.controller.ts';
import { MailgunWebhooksController } from './mailgun/mailgun.controller.ts';
import { SignedTokens } from './mailgun/signed-tokens.ts';
import { Receiving } from './receiving.ts';
import { TwilioWebhooksController } from './twilio/twilio.controller.ts';
import { WebhookKeys } from './webhook-keys.ts';

/** What providers tell us: nothing goes on that is not known to be theirs, and nothing is acknowledged that is not safe. */
@Module({
  imports: [LimitsModule],
  controllers: [
    TwilioWebhooksController,
    AfricasTalkingWebhooksController,
    MailgunWebhooksController,
    BouncesController,
  ],
  providers: [
    Receiving,
    SignedTokens,
    WebhookKeys,
    { provide: SecretBox, useFactory: (config: GatewayConfig) => secretBox(config), inject: [CONFIG] },
  ],
})
export class WebhooksModule {}
