import { tenantSchema, uuidSchema, defaultTenant } from '@carillon/contracts';
import { z } from 'zod';

/** Whose inbound messages come to a URL. */
export const tenantQuery = z.strictObject({
  tenant: tenantSchema.default(defaultTenant).describe('Whose number or short code it is'),
});

/** The delivery that a URL, made for it when it was sent, speaks of. */
export const deliveryQuery = z.strictObject({
  tenant: tenantSchema.nullable().default(null).describe('Whose delivery it is'),
  delivery: uuidSchema
    .nullable()
    .default(null)
    .describe('Its id; without one the delivery is found by the provider’s id'),
});
export type DeliveryQuery = z.infer<typeof deliveryQuery>;
