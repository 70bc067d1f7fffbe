import { Counter } from 'prom-client';

/** Messages of domain exchanges that no tenant's catalog wants to hear of. */
export const eventsIgnored = new Counter({
  name: 'carillon_events_ignored_total',
  help: 'Messages of domain exchanges that no catalog wants to hear of.',
  labelNames: ['exchange'],
});
