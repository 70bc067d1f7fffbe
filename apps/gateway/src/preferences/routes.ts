import {
  preferenceChangesSchema,
  preferencesPatchSchema,
  preferencesSchema,
  type PreferencesPatch,
} from '@carillon/contracts';
import { z } from 'zod';
import type { RouteDescription } from '../http/describe.ts';
import { body } from '../http/input.pipe.ts';

/** An object goes on as it is: the preferences service checks shape and names together, and names all that is wrong at once. */
export const unchecked = body(z.record(z.string(), z.unknown(), { error: 'must be a JSON object' }));

const exampleOfPatch: PreferencesPatch = {
  channels: { email: false, sms: null },
  types: { payment_received: { muted_until: '2099-01-01T00:00:00Z' } },
};

/** What both the recipient’s own routes and those of admins say of a change. */
const change: Pick<RouteDescription, 'response' | 'errors'> = {
  response: preferencesSchema,
  errors: { 404: 'not_found', 422: 'invalid_preferences' },
};

export const replacing = { ...change, body: preferencesSchema } satisfies Partial<RouteDescription>;

export const merging = {
  ...change,
  description:
    'A JSON merge patch (RFC 7396): what it does not mention stays as it was, `null` takes a choice back. Only `quiet_hours: null` is a choice itself: none.',
  body: preferencesPatchSchema,
  bodyExample: exampleOfPatch,
} satisfies Partial<RouteDescription>;

export const changing = {
  ...change,
  description:
    'Rows that are applied in order, all or none. Each is a switch (`channel`, `enabled`) of a `type`, a `category` or everything, a `frequency` of a `type` or everything, or `muted_until` of a `type`; `null` takes the choice back.',
  body: preferenceChangesSchema,
  bodyExample: {
    changes: [
      { channel: 'sms', enabled: false },
      { category: 'billing', channel: 'sms', enabled: true },
      { type: 'payment_received', frequency: 'daily' },
      { type: 'new_feature', muted_until: '2099-01-01T00:00:00Z' },
    ],
  },
} satisfies Partial<RouteDescription>;
