import { tenantSchema, uuidSchema, defaultTenant } from '@carillon/contracts';
import { z } from 'zod';

const provider = z
  .string()
  .max(63)
  .nullable()
  .default(null)
  .describe('The name of a provider that the tenant has configured; left out for the installation’s');

/** Whose inbound messages come to a URL. */
export const tenantQuery = z.strictObject({
  tenant: tenantSchema.default(defaultTenant).describe('Whose number or short code it is'),
  provider,
});

/** The delivery that a URL, made for it when it was sent, speaks of. */
export const deliveryQuery = z.strictObject({
  tenant: tenantSchema.nullable().default(null).describe('Whose delivery it is'),
  delivery: uuidSchema
    .nullable()
    .default(null)
    .describe('Its id; without one the delivery is found by the provider’s id'),
  provider,
});
export type DeliveryQuery = z.infer<typeof deliveryQuery>;

/** Whose provider calls a URL that is the same for all its events. */
export const ownerQuery = deliveryQuery.omit({ delivery: true });
