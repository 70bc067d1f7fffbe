/** What happens to a tenant as a whole: the gateway decides it, each service does its part of it. */
import { z } from 'zod';
import { defineRpc } from '../../define.ts';
import { rpcServices } from '../../street.ts';
import { jsonObjectSchema, tenantSchema } from '../../words.ts';

/**
 * How a tenant stands with a service. `suspended`: nothing new is taken; what comes by RabbitMQ is kept until it is active again.
 * `erased`: whatever still comes is passed over, for ever.
 */
export const tenantStandings = ['active', 'suspended', 'erased'] as const;
export type TenantStanding = (typeof tenantStandings)[number];

/** Why an event of a suspended tenant lies with the dead letters; by it they are found again. */
export const heldForSuspension = 'The tenant is suspended; this is published again when it is resumed.';

const of = z.object({ tenant: tenantSchema, service: z.enum(rpcServices) });
const exampleOf = { tenant: 'shop', service: 'inbox' } as const;

const standingRequest = of.extend({ standing: z.enum(tenantStandings) });

/** Repeating it changes nothing. All replicas of the service know within two seconds. */
export const putTenantStanding = defineRpc<z.infer<typeof standingRequest>, Record<string, never>>({
  name: 'tenants.standing.put.v1',
  service: ({ service }) => service,
  summary: 'Tells a service how a tenant stands.',
  request: standingRequest,
  response: z.strictObject({}),
  example: { request: { ...exampleOf, standing: 'suspended' }, response: {} },
});

const erasureRequest = of.extend({
  /** Rows at most, so that no answer takes long. */
  most: z.number().int().min(1).max(100_000),
  /** Waits first for every statement that is under way, which may write rows that nobody has seen yet. */
  outlast: z.boolean(),
});
const erasureResponse = z.object({ deleted: z.number().int(), more: z.boolean() });

/** Deletes some of what a service holds of a tenant that stands as `erased`. Errors: 409 `tenant_not_erased` where it does not. */
export const eraseTenantRows = defineRpc<z.infer<typeof erasureRequest>, z.infer<typeof erasureResponse>>({
  name: 'tenants.rows.erase.v1',
  service: ({ service }) => service,
  summary: 'Deletes a portion of what a service holds of a tenant.',
  request: erasureRequest,
  response: erasureResponse,
  example: { request: { ...exampleOf, most: 5_000, outlast: false }, response: { deleted: 5_000, more: true } },
});

const exportRequest = of.extend({
  /** Where the page before ended: its `next`. */
  cursor: z.string().max(4_000).nullable(),
  limit: z.number().int().min(1).max(500),
});
const exportResponse = z.object({
  /** Null where the service has no rows of the tenant left. */
  table: z.string().nullable(),
  rows: z.array(jsonObjectSchema),
  next: z.string().nullable(),
});
export type TenantExportPage = z.infer<typeof exportResponse>;

/** A page of everything that a service holds of a tenant, table by table, without secrets. Errors: 400 `invalid_cursor`. */
export const exportTenantRows = defineRpc<z.infer<typeof exportRequest>, TenantExportPage>({
  name: 'tenants.rows.export.v1',
  service: ({ service }) => service,
  summary: 'A page of what a service holds of a tenant.',
  request: exportRequest,
  response: exportResponse,
  example: {
    request: { ...exampleOf, cursor: null, limit: 50 },
    response: {
      table: 'notifications',
      rows: [{ tenant: 'shop', recipient: 'amina', id: '019aa5e5-8000-8b1c-9d2e-3f4a5b6c7d8e', title: 'Hello' }],
      next: null,
    },
  },
});

/** What every service answers about tenants. */
export const tenantRpcs = [putTenantStanding, eraseTenantRows, exportTenantRows];
