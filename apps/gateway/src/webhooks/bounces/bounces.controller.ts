import { Body, Controller, Inject, Param, Post, UseInterceptors } from '@nestjs/common';
import { Problem } from '@carillon/contracts';
import { CONFIG } from '@carillon/service';
import { Allow } from '../../access/access.guard.ts';
import type { GatewayConfig } from '../../config.ts';
import { BodyLimit } from '../../http/body-limit.ts';
import { Describe } from '../../http/describe.ts';
import { admitSecret, notConfigured } from '../doorkeeper.ts';
import { ForgedWebhooks } from '../forged-webhooks.interceptor.ts';
import { Receiving } from '../receiving.ts';
import { reportsOf } from './report.ts';
import { bounceLimit } from '../webhook-body.ts';

const setting = 'BOUNCE_WEBHOOK_SECRET';

/** Bounces and complaints that come as emails: a mail server pipes what arrives at the return address to this URL. */
@Controller('webhooks/bounces')
@Allow('public')
@UseInterceptors(ForgedWebhooks)
export class BouncesController {
  constructor(
    private readonly receiving: Receiving,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {}

  @Post(':secret')
  @BodyLimit(bounceLimit)
  @Describe({
    summary: 'A bounce or a complaint as an email',
    description:
      'The email itself as `message/rfc822`: a delivery status notification (RFC 3464) or an abuse report (RFC 5965) about a message of ours, which is found by its Message-ID. Any other email has no effect.',
    bodyTypes: ['message/rfc822'],
    status: 204,
    errors: {
      403: 'forged_webhook',
      404: 'webhook_not_configured',
      415: 'unsupported_media_type',
      429: 'too_many_attempts',
    },
  })
  async bounce(@Param('secret') secret: string, @Body() email: unknown): Promise<void> {
    const expected = this.config[setting];
    if (expected === undefined) throw notConfigured(`Set ${setting} at the gateway.`);
    admitSecret(secret, expected);
    if (!Buffer.isBuffer(email)) {
      throw new Problem({
        status: 415,
        code: 'unsupported_media_type',
        title: 'The body is no email',
        detail: 'Send the email as it is with content-type message/rfc822.',
      });
    }
    await this.receiving.receipts('email', await reportsOf(email, new Date().toISOString()));
  }
}
