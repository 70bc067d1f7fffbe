import { Counter } from 'prom-client';

/** Receipts by what they say, and whether their delivery was found. */
export const receiptsTotal = new Counter({
  name: 'carillon_receipts_total',
  help: 'Reports of providers on messages that they took',
  labelNames: ['channel', 'provider', 'says', 'matched'] as const,
});
