import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { getWebhookKey, Problem } from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { DataSource } from 'typeorm';

/** By which of its secrets the webhooks of a kind of provider are known. */
const fields: Readonly<Record<string, string>> = {
  twilio: 'auth_token',
  mailgun: 'webhook_signing_key',
  africastalking: 'webhook_secret',
};

/** Tells the gateway what webhooks of a tenant's own providers are known by; sealed, so that no broker sees it. */
@Controller()
export class WebhookKeysController {
  constructor(private readonly db: DataSource) {}

  @MessagePattern(getWebhookKey.name)
  async find(@Payload() { tenant, name }: RequestOf<typeof getWebhookKey>): Promise<ResponseOf<typeof getWebhookKey>> {
    const [row]: { kind: string; secrets: Record<string, string> }[] = await this.db.query(
      'SELECT kind, secrets FROM providers WHERE tenant = $1 AND name = $2',
      [tenant, name],
    );
    const field = row && fields[row.kind];
    if (!field) throw Problem.notFound('provider', name);
    return { kind: row.kind, field, sealed: row.secrets[field] ?? null };
  }
}
