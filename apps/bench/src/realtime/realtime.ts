import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { now } from '../clock.ts';
import { CarillonSide } from '../carillon/carillon-side.ts';
import { percentile } from '../report/statistics.ts';
import { Child, program } from '../run/child.ts';
import { Rig } from '../run/rig.ts';
import { makeScratch, type Scratch } from '../run/scratch.ts';
import type { SocketsReport } from './orders.ts';

export interface RealtimeOptions {
  adminUrl: string;
  amqpUrl: string;
  /** Open and idle while the events pass. */
  sockets: number;
  /** Events per second, each for one of the recipients who have a socket. */
  perSecond: number;
  seconds: number;
  env: Record<string, string>;
  profile?: string;
}

export interface RealtimeResult {
  sockets: number;
  /** Milliseconds until all had caught up. */
  connected: number;
  /** Of the gateway's resident memory, in bytes. */
  perSocket: number;
  /** Milliseconds from publish at the front door until the socket's client was told. */
  p50: number;
  p99: number;
  max: number;
}

/** Where tokens are minted; also the tenant of the development key. */
const tenant = 'default';
const processes = 4;

/** Opens sockets on one gateway, weighs them, and then times what is published to their recipients. */
export async function benchRealtime(options: RealtimeOptions, interruption: AbortSignal): Promise<RealtimeResult> {
  const undo: (() => Promise<unknown>)[] = [];
  const interrupted = new Promise<never>((_resolve, reject) =>
    interruption.addEventListener('abort', () => reject(interruption.reason), { once: true }),
  );
  try {
    return await Promise.race([measure(options, undo), interrupted]);
  } finally {
    for (const step of undo.reverse()) await step().catch((error: unknown) => console.error(error));
  }
}

async function measure(options: RealtimeOptions, undo: (() => Promise<unknown>)[]): Promise<RealtimeResult> {
  const { sockets, perSecond, seconds } = options;
  const scratch = await makeScratch(options.adminUrl, options.amqpUrl);
  undo.push(() => scratch.remove());
  const rig = await Rig.start(scratch);
  undo.push(() => rig.stop());
  const key = `ck_${randomBytes(24).toString('base64url')}`;
  const carillon = carillonWithGateway(options, scratch, rig, key);
  undo.push(() => carillon.stop());
  await carillon.start();
  await carillon.addRecipients(tenant, sockets);
  const order = { exchange: carillon.exchange, type: carillon.types.in_app, tenant, recipients: sockets };
  // Every process compiles its hot code before anything is weighed or timed.
  await rig.publish({ ...order, count: perSecond * 3, perSecond });
  const { url, pid } = carillon.gateway;
  const tokens = await mint(url, key, sockets);
  const apps = Array.from(
    { length: processes },
    (_, number) => new Child({ name: `apps ${number}`, file: program('./sockets.main', import.meta.url), env: {} }),
  );
  undo.push(() => Promise.all(apps.map((app) => app.stop())));
  await sleep(3_000);
  const before = await residentBytes(pid);
  const begun = now();
  await Promise.all(
    apps.map((app, number) =>
      app.ask({ url, tokens: Object.fromEntries(tokens.filter((_, index) => index % processes === number)) }),
    ),
  );
  const connected = now() - begun;
  await sleep(10_000);
  const perSocket = ((await residentBytes(pid)) - before) / sockets;

  const { times } = await rig.publish({ ...order, count: Math.min(sockets, perSecond * seconds), perSecond });
  const told = new Map<string, number>();
  for (const deadline = now() + 20_000; told.size < times.length; await sleep(200)) {
    if (now() > deadline) throw new Error(`only ${told.size} of ${times.length} were told`);
    for (const app of apps)
      for (const [recipient, at] of (await app.ask<SocketsReport>('arrivals')) as [string, number][])
        told.set(recipient, at);
  }
  const latencies = times.map((time, number) => told.get(`recipient-${number}`)! - time);
  return {
    sockets,
    connected,
    perSocket,
    p50: percentile(latencies, 50),
    p99: percentile(latencies, 99),
    max: Math.max(...latencies),
  };
}

function carillonWithGateway({ env, profile }: RealtimeOptions, scratch: Scratch, rig: Rig, key: string): CarillonSide {
  return new CarillonSide({
    scratch,
    smtpUrl: rig.smtpUrl,
    withEmail: false,
    withGateway: true,
    env: { DEV_API_KEY: key, DEV_TENANT: tenant, LOG_LEVEL: 'warn', ...env },
    profileTo: profile,
  });
}

/** As a domain service's own backend gets them for its pages. */
async function mint(url: string, key: string, count: number): Promise<[recipient: string, token: string][]> {
  const tokens: [string, string][] = [];
  let next = 0;
  const minter = async () => {
    for (let number = next++; number < count; number = next++) {
      const response = await fetch(`${url}/v1/recipients/recipient-${number}/tokens`, {
        method: 'POST',
        headers: { authorization: `Bearer ${key}` },
      });
      if (!response.ok) throw new Error(`no token: ${response.status} ${await response.text()}`);
      tokens.push([`recipient-${number}`, ((await response.json()) as { token: string }).token]);
    }
  };
  await Promise.all(Array.from({ length: 16 }, minter));
  return tokens;
}

/** https://www.kernel.org/doc/html/latest/filesystems/proc.html */
async function residentBytes(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)![1]) * 1024;
}
