import type { Written } from './templates.ts';

/** What a tenant's process is asked: to publish, or what has become of all that it has published since it was last asked. */
export type TenantOrder = PublishOrder | 'settle';

export interface PublishOrder {
  templates: readonly Written[];
  perSecond: number;
  seconds: number;
  /** At a moment of chance within its share of a second each, instead of one after the other at equal distances. */
  byChance: boolean;
}

/** What it answers. */
export type TenantReport = 'ready' | 'published' | Settled;

export interface Settled {
  /** How long each took that was rendered, in milliseconds. */
  times: number[];
  /** Why each that is in the dead letters was parked, by its id; of any tenant, where the process hears of them. */
  parked: Record<string, string>;
  /** How many have come to neither end within a minute. */
  missing: number;
}
