import { Gauge } from 'prom-client';

export const queueOldest = new Gauge({
  name: 'carillon_queue_oldest_seconds',
  help: 'For how long the oldest message of a queue has waited, at least; 0 when none has for two seconds. Every replica of the gateway tells of all queues',
  labelNames: ['queue'],
});
