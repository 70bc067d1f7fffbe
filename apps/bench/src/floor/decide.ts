/** One event for one recipient: which channels, and what the renderer is told. */
import { deterministicId } from './ids.ts';
import type { Routed } from './messages.ts';
import type { Item, Outgoing } from './stage.ts';

export interface Recipient {
  tenant: string;
  id: string;
  name: string | null;
  locale: string;
  time_zone: string;
  muted: string[];
  contacts: { channel: string; address: string }[] | null;
}

/** An event that is recorded, or about to be. */
export interface RecordedEvent {
  tenant: string;
  id: string;
  type: string;
  data: Routed['data'];
  recordedAt: Date;
}

/** Type → what the decision needs of it. */
const catalog: Record<string, { category: string; priority: string; channels: string[] }> = {
  'bench.in_app': { category: 'system', priority: 'normal', channels: ['in_app'] },
  'bench.email': { category: 'system', priority: 'normal', channels: ['in_app', 'email'] },
  system_update: { category: 'system', priority: 'normal', channels: ['in_app'] },
};

export function eventRecordId(at: Date, { tenant, source, id }: Item<unknown>): string {
  return deterministicId(at.getTime(), `event ${tenant} ${source} ${id}`);
}

/** @param recipient undefined when there is nobody of that id */
export function decide(event: RecordedEvent, recipientId: string, recipient: Recipient | undefined) {
  const { tenant, type, data, recordedAt } = event;
  const { category, priority, channels } = catalog[type]!;
  const time = recordedAt.getTime();
  const at = recordedAt.toISOString();
  const notificationId = deterministicId(time, `notification ${event.id} ${type} ${recipientId}`);
  const deliveries: Routed['deliveries'] = [];
  const decision: Record<string, { deliver: boolean; rule: string }> = {};
  for (const channel of channels) {
    const rule = !recipient ? 'unknown recipient' : recipient.muted.includes(channel) ? 'muted' : undefined;
    const address =
      channel === 'in_app'
        ? recipient?.id
        : recipient?.contacts?.find((contact) => contact.channel === channel)?.address;
    decision[channel] = { deliver: !rule && !!address, rule: rule ?? (address ? 'default channel' : 'no contact') };
    if (rule || !address) continue;
    deliveries.push({
      delivery_id: deterministicId(time, `delivery ${notificationId} ${channel} ${address}`),
      channel,
      address,
    });
  }
  const { name, locale, time_zone } = recipient ?? { name: null, locale: 'en', time_zone: 'UTC' };
  const routed: Routed = {
    notification_id: notificationId,
    type,
    category,
    priority,
    recipient: { id: recipientId, name, locale, time_zone },
    deliveries,
    data,
    created_at: at,
  };
  return {
    row: {
      tenant,
      recipient: recipientId,
      notification: notificationId,
      event: event.id,
      type,
      category,
      priority,
      decision,
      at,
    },
    routed: {
      key: 'routed',
      item: {
        specversion: '1.0',
        id: notificationId,
        source: '/floor/preferences',
        type: 'floor.routed',
        time: at,
        tenant,
        data: routed,
      },
    } satisfies Outgoing as Outgoing,
  };
}
