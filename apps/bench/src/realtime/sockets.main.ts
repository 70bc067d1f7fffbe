/** A process full of client apps: each holds one socket and remembers when it was told of a notification. */
import { io } from 'socket.io-client';
import { now } from '../clock.ts';
import type { SocketsOrder, SocketsReport } from './orders.ts';

/** Connecting at the same time. */
const atOnce = 50;

const arrivals: [recipient: string, at: number][] = [];

process.on('disconnect', () => process.exit());
process.on('message', (order: SocketsOrder) => {
  if (order === 'arrivals') return report(arrivals.splice(0));
  open(order.url, order.tokens).then(
    () => report('ready'),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
});

async function open(url: string, tokens: Record<string, string>): Promise<void> {
  const wanted = Object.entries(tokens);
  const opener = async () => {
    for (let next = wanted.pop(); next; next = wanted.pop()) await openOne(url, ...next);
  };
  await Promise.all(Array.from({ length: atOnce }, opener));
}

function openOne(url: string, recipient: string, token: string): Promise<void> {
  const socket = io(url, { path: '/realtime', transports: ['websocket'], forceNew: true, auth: { token } });
  socket.on('notification.created', () => arrivals.push([recipient, now()]));
  return new Promise((resolve, reject) => {
    socket.on('ready', () => resolve());
    socket.on('connect_error', reject);
  });
}

function report(message: SocketsReport): void {
  process.send?.(message);
}
