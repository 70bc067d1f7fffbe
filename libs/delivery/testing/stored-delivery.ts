import type { SmsRendered } from '@carillon/contracts';
import type { TestDatabase } from '@carillon/testing';

/** Stores a delivery as a sender would have left it. */
export async function store(
  { query }: TestDatabase,
  item: SmsRendered,
  left: { status: string; attempts: number; due?: string; lease?: string; expires?: string },
): Promise<void> {
  await query(
    `INSERT INTO sms_sender.deliveries (tenant, id, notification_id, recipient, type, category, lane, template, destination,
       content, status, provider, attempts, next_attempt_at, lease_until, expires_at, created_at, updated_at)
     VALUES ('school', $1, $2, $3, $4, $5, $6, '{"key":"k","version":1,"locale":"en"}', $7, '{"text":"Habari"}', $8, 'scripted', $9,
       now() + $10::interval, now() + $11::interval, now() + $12::interval, now(), now())`,
    [
      item.delivery_id,
      item.notification_id,
      item.recipient,
      item.type,
      item.category,
      item.lane,
      item.to,
      left.status,
      left.attempts,
      left.due ?? null,
      left.lease ?? null,
      left.expires ?? null,
    ],
  );
  for (let number = 1; number <= left.attempts; number += 1) {
    await query(`INSERT INTO sms_sender.attempts VALUES ('school', $1, $2, 'scripted', $3, NULL, NULL, now(), NULL)`, [
      item.delivery_id,
      number,
      left.status === 'sending' && number === left.attempts ? 'sending' : 'retryable',
    ]);
  }
}
