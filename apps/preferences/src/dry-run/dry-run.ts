import { Injectable } from '@nestjs/common';
import { dryRunSample, eventId, freshId, type DryRun as DryRunResult, type DryRunRequest } from '@carillon/contracts';
import { Catalogs } from '../catalog/catalogs.ts';
import { AudienceMembers } from '../fan-out/audience-members.ts';
import { knownRecipients, refuseContradictoryTimes } from '../intake/check.ts';
import { isAudience, targetsOf, wordsOf, type Target } from '../intake/targets.ts';
import { Notifying } from '../notifications/notifying.ts';
import { routedOf, type DecidedEvent } from '../notifications/planning.ts';
import type { KnownRecipient } from '../recipients/recipient.ts';
import { RecipientStore } from '../recipients/recipient-store.ts';

/** What an event would become, decided by the very functions that decide about real ones, and recorded nowhere. */
@Injectable()
export class DryRun {
  constructor(
    private readonly catalogs: Catalogs,
    private readonly recipients: RecipientStore,
    private readonly members: AudienceMembers,
    private readonly notifying: Notifying,
  ) {}

  /** @throws Problem 422 as for a real event */
  async of(tenant: string, { subject, source = '/dry-run', ...request }: DryRunRequest): Promise<DryRunResult> {
    refuseContradictoryTimes(request);
    const requested = request.recipients !== undefined || request.audience !== undefined;
    const cloudEventId = freshId();
    const catalog = await this.catalogs.of(tenant);
    const asked = { requested, request, source, cloudEventId, subject };
    const { targets, skipped } = targetsOf(asked, catalog);
    // At the time when it would be decided: quiet hours and deadlines depend on it.
    const now = Math.max(Date.now(), request.send_at === undefined ? 0 : Date.parse(request.send_at));
    const id = eventId(now, tenant, source, cloudEventId);

    const notifications: DryRunResult['notifications'] = [];
    let total = 0;
    for (const { type, to, batch } of targets) {
      const { recipients, count } = await this.peopleOf(tenant, to, dryRunSample - notifications.length);
      total += count;
      const addressed = isAudience(to) ? { recipients: undefined, audience: to } : { recipients: to };
      const event: DecidedEvent = {
        tenant,
        id,
        type: request.type ?? type.key,
        source,
        request: { ...request, ...addressed },
        batch,
      };
      for (const recipient of recipients) {
        const { notification, channels, deliveries } = await this.notifying.preview(
          event,
          type,
          catalog,
          recipient,
          now,
        );
        notifications.push({
          notification_id: notification.id,
          recipient: recipient.id,
          type: type.key,
          category: notification.category,
          priority: notification.priority,
          channels,
          routed: deliveries.length > 0 ? routedOf(event, notification, type, catalog, recipient, deliveries) : null,
        });
      }
    }
    return {
      types: targets.map(({ type }) => type.key),
      words: wordsOf(request, targets, catalog),
      skipped,
      notifications_total: total,
      notifications,
    };
  }

  private async peopleOf(
    tenant: string,
    to: Target['to'],
    limit: number,
  ): Promise<{ recipients: KnownRecipient[]; count: number }> {
    if (isAudience(to)) {
      const [recipients, count] = await Promise.all([
        this.members.after(tenant, to, '', limit),
        this.members.count(tenant, to),
      ]);
      return { recipients, count };
    }
    const known = knownRecipients(to, await Promise.all(to.map((id) => this.recipients.find({ tenant, id }))));
    return { recipients: known.slice(0, limit), count: known.length };
  }
}
