import { once } from 'node:events';
import { connect, createServer, type Socket } from 'node:net';

export interface CuttableProxy {
  /** The target's URL, but through the proxy. */
  url: string;
  /** Resets every connection and refuses new ones. */
  cut(): void;
  /** Keeps every connection open, takes new ones, and passes nothing on. */
  stall(): void;
  /** Accepts connections again, and passes on what stalled. */
  restore(): void;
  close(): Promise<void>;
}

/** A TCP proxy in front of a real server, for provoking the fault: cut it and the server is away, restore it and it is back. */
export async function cuttableProxy(targetUrl: string): Promise<CuttableProxy> {
  const target = new URL(targetUrl);
  const port = Number(target.port || (target.protocol.startsWith('amqp') ? 5672 : 5432));
  const sockets = new Set<Socket>();
  let accepting = true;
  let stalled = false;
  const server = createServer((client) => {
    if (!accepting) return void client.resetAndDestroy();
    const upstream = connect(port, target.hostname);
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(from);
      from.setNoDelay(true);
      from.on('error', () => to.destroy());
      from.on('close', () => {
        sockets.delete(from);
        to.destroy();
      });
      from.pipe(to);
      if (stalled) from.pause();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const url = new URL(targetUrl);
  url.hostname = '127.0.0.1';
  url.port = String((server.address() as { port: number }).port);
  const cut = () => {
    accepting = false;
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    url: url.toString(),
    cut,
    stall() {
      stalled = true;
      for (const socket of sockets) socket.pause();
    },
    restore() {
      accepting = true;
      stalled = false;
      for (const socket of sockets) socket.resume();
    },
    async close() {
      cut();
      server.close();
      await once(server, 'close');
    },
  };
}
