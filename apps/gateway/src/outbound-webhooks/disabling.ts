import { Inject, Injectable, Logger } from '@nestjs/common';
import { eventRequested, uuidv8, type EventRequest } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { CONFIG } from '@carillon/service';
import { DataSource, type EntityManager } from 'typeorm';
import { AuditLog } from '../audit/audit-log.ts';
import type { GatewayConfig } from '../config.ts';

const dayMs = 86_400_000;

interface Disabled {
  tenant: string;
  id: string;
  url: string;
  description: string;
  disabled_at: Date;
  disabled_reason: string;
}

/** Gives endpoints up that have failed for too long, and tells the tenant so. */
@Injectable()
export class Disabling {
  private readonly logger = new Logger(Disabling.name);

  constructor(
    private readonly db: DataSource,
    private readonly messages: Messages,
    private readonly audit: AuditLog,
    @Inject(CONFIG) private readonly config: GatewayConfig,
  ) {}

  /** The endpoint has answered that it is there no more. */
  async gone(tenant: string, id: string): Promise<void> {
    await this.disable(tenant, id, 'It answered 410 Gone.');
  }

  async ifForLong(tenant: string, id: string, failingSince: Date): Promise<void> {
    const days = this.config.WEBHOOK_DISABLE_AFTER_DAYS;
    if (Date.now() - failingSince.getTime() < days * dayMs) return;
    await this.disable(tenant, id, `No attempt has succeeded since ${failingSince.toISOString()}.`);
  }

  /**
   * Publishes the notices that are due to the recipients of the tenant who have the role `admin`. One that could not be published is
   * due again; its id is the same then, also from another replica, so nobody is told twice.
   */
  async tell(): Promise<void> {
    const due: Disabled[] = await this.db.query(
      `SELECT tenant, id, url, description, disabled_at, disabled_reason FROM webhook_endpoints
       WHERE notice_due AND state = 'disabled' LIMIT 20`,
    );
    for (const endpoint of due) {
      const { tenant, id, disabled_at } = endpoint;
      await this.messages.publish(eventRequested, noticeOf(endpoint), {
        id: uuidv8(disabled_at.getTime(), 'webhook disabled', tenant, id),
        tenant,
        time: disabled_at.toISOString(),
      });
      await this.db.query('UPDATE webhook_endpoints SET notice_due = false WHERE tenant = $1 AND id = $2', [
        tenant,
        id,
      ]);
    }
  }

  private async disable(tenant: string, id: string, reason: string): Promise<void> {
    const disabled = await this.db.transaction(async (db: EntityManager) => {
      const [rows] = await db.query<[unknown[], number]>(
        `UPDATE webhook_endpoints SET state = 'disabled', disabled_at = now(), disabled_reason = $3, notice_due = true,
           updated_at = now()
         WHERE tenant = $1 AND id = $2 AND state = 'active' RETURNING id`,
        [tenant, id, reason],
      );
      if (rows.length === 0) return false;
      await this.audit.record(
        {
          tenant,
          actor: { kind: 'system', id: null, name: 'webhooks', role: null },
          action: 'webhooks.disable',
          target: `webhooks/${id}`,
          ip: null,
          request_id: null,
          input: null,
        },
        { status: 200, before: { state: 'active' }, after: { state: 'disabled', disabled_reason: reason } },
        db,
      );
      return true;
    });
    if (disabled) this.logger.warn({ msg: 'a webhook is disabled', tenant, webhook: id, reason });
  }
}

/** The host alone: more of a URL may be a secret. */
function noticeOf({ url, description, disabled_reason, id }: Disabled): EventRequest {
  const host = URL.parse(url)?.host ?? url;
  return {
    audience: { role: 'admin' },
    category: 'system',
    priority: 'high',
    content: {
      title: `Webhook disabled: ${description || host}`.slice(0, 200),
      message: `Nothing is told to ${host} any more. ${disabled_reason} What waits is kept; enable the webhook again once it works, and replay what failed.`,
    },
    metadata: { webhook_id: id },
  };
}
