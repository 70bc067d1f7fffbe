import { getWebhookKey, Problem, type SentChannel } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { CONFIG, SecretBox } from '@carillon/service';
import { Inject, Injectable } from '@nestjs/common';
import { LRUCache } from 'lru-cache';
import type { GatewayConfig } from '../config.ts';
import { notConfigured } from './doorkeeper.ts';

/** A key that was changed counts after so long; whoever calls with invented names asks the senders no more often than that. */
const cacheMs = 30_000;

/** The settings by which the webhooks of the installation's providers are known, and their channels. */
const installation = {
  twilio: { setting: 'TWILIO_AUTH_TOKEN', channel: 'sms' },
  africastalking: { setting: 'AFRICASTALKING_WEBHOOK_SECRET', channel: 'sms' },
  mailgun: { setting: 'MAILGUN_WEBHOOK_SIGNING_KEY', channel: 'email' },
} as const satisfies Record<string, { setting: keyof GatewayConfig; channel: SentChannel }>;
export type SigningKind = keyof typeof installation;

/** Whose webhook it is. */
export interface WebhookOwner {
  readonly tenant: string | null;
  /** The name of a provider that the tenant has configured; null: the installation's. */
  readonly provider: string | null;
}

/** What webhooks are known by: a setting for the installation's providers, a secret of theirs for those of tenants. */
@Injectable()
export class WebhookKeys {
  private readonly known = new LRUCache<string, { key: string | null }>({ max: 1_000, ttl: cacheMs });

  constructor(
    private readonly messages: Messages,
    private readonly box: SecretBox,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {}

  /** @throws Problem 404 where there is none; 503 while the sender is away */
  async of(kind: SigningKind, { tenant, provider }: WebhookOwner): Promise<string> {
    const { setting, channel } = installation[kind];
    if (provider === null) {
      const key = this.config[setting];
      if (key === undefined) throw notConfigured(`Set ${setting} at the gateway.`);
      return key;
    }
    const key = tenant === null ? null : await this.ofTenant(kind, channel, tenant, provider);
    if (key === null) throw notConfigured('The provider that the URL names has no secret for webhooks.');
    return key;
  }

  private async ofTenant(
    kind: SigningKind,
    channel: SentChannel,
    tenant: string,
    name: string,
  ): Promise<string | null> {
    const id = JSON.stringify([kind, tenant, name]);
    const cached = this.known.get(id);
    if (cached) return cached.key;
    const key = await this.ask(kind, channel, tenant, name);
    this.known.set(id, { key });
    return key;
  }

  private async ask(kind: SigningKind, channel: SentChannel, tenant: string, name: string): Promise<string | null> {
    try {
      const found = await this.messages.call(getWebhookKey, { tenant, channel, name });
      if (found.kind !== kind || found.sealed === null) return null;
      return this.box.open(found.sealed, [tenant, name, found.field]);
    } catch (error) {
      if (error instanceof Problem && error.status === 404) return null;
      throw error;
    }
  }
}
