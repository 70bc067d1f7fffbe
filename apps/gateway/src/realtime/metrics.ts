import { Counter, Gauge } from 'prom-client';

export const socketsOpen = new Gauge({ name: 'carillon_sockets', help: 'Authenticated sockets that are open' });
export const socketsRefused = new Counter({
  name: 'carillon_sockets_refused_total',
  help: 'Connections that were refused, by code',
  labelNames: ['code'],
});
export const socketsClosed = new Counter({
  name: 'carillon_sockets_closed_total',
  help: 'Sockets that the gateway closed, by code',
  labelNames: ['code'],
});
export const socketMessages = new Counter({
  name: 'carillon_socket_messages_total',
  help: 'Messages handed to sockets, by event',
  labelNames: ['event'],
});
