import { Counter, Gauge } from 'prom-client';

export const outboxEvents = new Gauge({
  name: 'carillon_outbox_events',
  help: 'Events that wait in the outbox until RabbitMQ takes them, all replicas together',
});
export const outboxBytes = new Gauge({ name: 'carillon_outbox_bytes', help: 'The same in bytes' });
export const outboxAge = new Gauge({
  name: 'carillon_outbox_oldest_seconds',
  help: 'For how long the tenant that waits longest has had events in the outbox',
});
export const outboxStored = new Counter({
  name: 'carillon_outbox_stored_total',
  help: 'Events that were accepted into the outbox, or refused because it was full, by outcome',
  labelNames: ['outcome'],
});
export const outboxDrained = new Counter({
  name: 'carillon_outbox_drained_total',
  help: 'Events that left the outbox, by how: published, or parked because RabbitMQ refuses them',
  labelNames: ['outcome'],
});
