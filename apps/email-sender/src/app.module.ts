import { Module, type DynamicModule } from '@nestjs/common';
import { defaultRetryPolicy, DeliveryModule, type UncertainPolicy } from '@carillon/delivery';
import type { Config } from './config.ts';
import { EngagementController } from './engagement/engagement.controller.ts';
import { RenderedEmailController } from './rendered-email.controller.ts';
import { SmtpProvider } from './smtp/smtp-provider.ts';

/**
 * A repeated email has the same Message-ID, which mail systems use to show it once, and a second copy does little harm.
 * A second one-time code would: it may have been replaced or used by then.
 */
export function uncertain(category: string): UncertainPolicy {
  return category === 'security' ? 'stop' : 'resend';
}

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
          channel: 'email',
          provider,
          uncertain,
          retry: { ...defaultRetryPolicy, delaysSeconds: config.RETRY_DELAYS },
          sendTimeoutMs: config.SEND_TIMEOUT_MS,
          concurrency: config.SEND_CONCURRENCY,
        }),
      ],
      controllers: [RenderedEmailController, EngagementController],
    };
  }
}
