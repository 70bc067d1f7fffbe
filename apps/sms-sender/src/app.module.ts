import { Module, type DynamicModule } from '@nestjs/common';
import { DeliveryModule, deliveryOptionsOf } from '@carillon/delivery';
import { OutboundGuard } from '@carillon/service';
import type { Config } from './config.ts';
import { kindsOf, providersOf } from './provider.ts';
import { RenderedSmsController } from './rendered-sms.controller.ts';

@Module({})
export class AppModule {
  static register(config: Config): DynamicModule {
    const shared = deliveryOptionsOf(config);
    return {
      module: AppModule,
      imports: [
        DeliveryModule.register({
          ...shared,
          channel: 'sms',
          providers: providersOf(config),
          kinds: kindsOf(config, new OutboundGuard(config.ALLOW_PRIVATE_URLS)),
          caps: { ...shared.caps, countries_per_day: config.CAP_COUNTRIES_PER_DAY },
          uncertain: config.UNCERTAIN_POLICY,
        }),
      ],
      controllers: [RenderedSmsController],
    };
  }
}
