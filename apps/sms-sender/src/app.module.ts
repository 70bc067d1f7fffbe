import { Module, type DynamicModule } from '@nestjs/common';
import { DeliveryModule, deliveryOptionsOf } from '@carillon/delivery';
import type { Config } from './config.ts';
import { providerOf } from './provider.ts';
import { RenderedSmsController } from './rendered-sms.controller.ts';

@Module({})
export class AppModule {
  static register(config: Config): DynamicModule {
    return {
      module: AppModule,
      imports: [
        DeliveryModule.register({
          ...deliveryOptionsOf(config),
          channel: 'sms',
          providers: [{ kind: config.SMS_PROVIDER, provider: providerOf(config) }],
          uncertain: config.UNCERTAIN_POLICY,
        }),
      ],
      controllers: [RenderedSmsController],
    };
  }
}
