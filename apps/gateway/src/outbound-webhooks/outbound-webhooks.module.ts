import { Module } from '@nestjs/common';
import { CONFIG, OutboundGuard, SecretBox, secretBox } from '@carillon/service';
import { AuditModule } from '../audit/audit.module.ts';
import type { GatewayConfig } from '../config.ts';
import { Disabling } from './disabling.ts';
import { Endpoints } from './endpoints.ts';
import { MessageStore } from './message-store.ts';
import { Bindings, OutcomesController } from './outcomes.controller.ts';
import { WebhookSender } from './webhook-sender.ts';
import { WebhooksController } from './webhooks.controller.ts';

/** Tells servers of tenants what became of notifications. */
@Module({
  imports: [AuditModule],
  controllers: [WebhooksController, OutcomesController],
  providers: [
    Endpoints,
    MessageStore,
    WebhookSender,
    Disabling,
    Bindings,
    { provide: SecretBox, useFactory: (config: GatewayConfig) => secretBox(config), inject: [CONFIG] },
    {
      provide: OutboundGuard,
      useFactory: (config: GatewayConfig) => new OutboundGuard(config.ALLOW_PRIVATE_URLS),
      inject: [CONFIG],
    },
  ],
  exports: [MessageStore],
})
export class OutboundWebhooksModule {}
