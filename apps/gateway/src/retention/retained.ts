import type { RetentionPart } from '@carillon/service';

/** What the gateway holds until its days are over. */
export const retained: readonly RetentionPart[] = [
  { kind: 'dead_letters', table: 'dead_letters', since: 'settled_at', where: `status <> 'parked'` },
  { kind: 'webhooks', table: 'webhook_attempts', id: 'id', uncounted: true },
  { kind: 'webhooks', table: 'webhook_messages', id: 'id' },
];
