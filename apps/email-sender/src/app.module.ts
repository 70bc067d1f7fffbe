import { Module, type DynamicModule } from '@nestjs/common';
import { DeliveryModule, deliveryOptionsOf } from '@carillon/delivery';
import type { Config } from './config.ts';
import { kindsOf, providersOf } from './provider.ts';
import { EngagementController } from './engagement/engagement.controller.ts';
import { RenderedEmailController } from './rendered-email.controller.ts';

@Module({})
export class AppModule {
  static register(config: Config): DynamicModule {
    return {
      module: AppModule,
      imports: [
        DeliveryModule.register({
          ...deliveryOptionsOf(config),
          channel: 'email',
          providers: providersOf(config),
          kinds: kindsOf(config),
          uncertain: config.UNCERTAIN_POLICY,
        }),
      ],
      controllers: [RenderedEmailController, EngagementController],
    };
  }
}
