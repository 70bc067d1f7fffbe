import { Module, type DynamicModule } from '@nestjs/common';
import { defaultRetryPolicy, DeliveryModule } from '@carillon/delivery';
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
          channel: 'sms',
          provider: providerOf(config),
          // A second SMS costs money, shows twice and may carry an outdated code; no vendor here recognises a repeated one.
          uncertain: () => 'stop',
          retry: { ...defaultRetryPolicy, delaysSeconds: config.RETRY_DELAYS },
          sendTimeoutMs: config.SEND_TIMEOUT_MS,
          concurrency: config.SEND_CONCURRENCY,
        }),
      ],
      controllers: [RenderedSmsController],
    };
  }
}
