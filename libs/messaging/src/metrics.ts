import { Counter, Gauge, Histogram } from 'prom-client';

export const brokerConnected = new Gauge({
  name: 'carillon_broker_connected',
  help: '1 while the AMQP connection is up',
  labelNames: ['connection'],
});
export const brokerBlocked = new Gauge({
  name: 'carillon_broker_blocked',
  help: '1 while RabbitMQ blocks publishers because of a resource alarm',
  labelNames: ['connection'],
});
export const itemsConsumed = new Counter({
  name: 'carillon_items_consumed_total',
  help: 'Items taken from a queue, by how they ended: done, parked or (announcements) dropped',
  labelNames: ['queue', 'outcome'],
});
export const itemSeconds = new Histogram({
  name: 'carillon_item_seconds',
  help: 'Time from receipt of an item to its end',
  labelNames: ['queue'],
  buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10, 60],
});
export const itemsPublished = new Counter({
  name: 'carillon_items_published_total',
  help: 'Items confirmed by the broker',
  labelNames: ['exchange'],
});
export const confirmSeconds = new Histogram({
  name: 'carillon_confirm_seconds',
  help: 'Time from handing a message to the broker to its confirm',
  buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
});
export const consumerPaused = new Gauge({
  name: 'carillon_consumer_paused',
  help: '1 while consumers wait for a dependency to come back',
  labelNames: ['dependency'],
});
export const rpcSeconds = new Histogram({
  name: 'carillon_rpc_seconds',
  help: 'Time to answer a question, by name and outcome (ok or the problem code)',
  labelNames: ['rpc', 'outcome'],
  buckets: [0.001, 0.005, 0.02, 0.1, 0.5, 2, 10],
});
