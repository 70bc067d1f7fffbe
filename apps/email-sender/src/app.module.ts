import { Module, type DynamicModule } from '@nestjs/common';
import { DeliveryModule, deliveryOptionsOf } from '@carillon/delivery';
import type { Config } from './config.ts';
import { EngagementController } from './engagement/engagement.controller.ts';
import { RenderedEmailController } from './rendered-email.controller.ts';
import { SmtpProvider } from './smtp/smtp-provider.ts';

@Module({})
export class AppModule {
  static register(config: Config): DynamicModule {
    const provider = new SmtpProvider({
      url: config.SMTP_URL,
      from: config.MAIL_FROM,
      connections: config.SMTP_CONNECTIONS,
    });
    return {
      module: AppModule,
      imports: [
        DeliveryModule.register({
          ...deliveryOptionsOf(config),
          channel: 'email',
          providers: [{ kind: 'smtp', provider }],
          uncertain: config.UNCERTAIN_POLICY,
        }),
      ],
      controllers: [RenderedEmailController, EngagementController],
    };
  }
}
