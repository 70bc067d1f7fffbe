import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import type { MigrationClass } from '@carillon/persistence';
import { testBroker, testDatabase, testEnvironment, type TestBroker, type TestDatabase } from '@carillon/testing';

const root = resolve(import.meta.dirname, '../../..');
const withDatabase = [
  'gateway',
  'preferences',
  'template-renderer',
  'inbox',
  'email-sender',
  'sms-sender',
  'scheduler',
] as const;
export type ServiceName = (typeof withDatabase)[number] | 'mailbox';

/** Every scope; known to this suite's gateway only. */
export const apiKey = 'ck_end-to-end-tests-only-0123456789';

/** One service as a real process, as operators run it. */
export interface ServiceProcess {
  name: ServiceName;
  /** HTTP port of the service. */
  port: number;
  /** kill -9 */
  kill(): Promise<void>;
  /** SIGTERM; resolves with the exit code. */
  stop(): Promise<number | null>;
}

export interface Suite {
  /** The gateway. */
  url: string;
  mailboxUrl: string;
  broker: TestBroker;
  database: TestDatabase;
  /** Starts one more replica of a service, with settings of its own over those of the suite. */
  start(name: ServiceName, own?: Record<string, string>): Promise<ServiceProcess>;
  /** The replicas that were started, newest last. */
  processes: ServiceProcess[];
  close(): Promise<void>;
}

/**
 * The whole suite as real processes on a database and AMQP names of its own. It runs what `npm run build` made.
 * @param env settings for all services, for example short retry delays
 * @param heard is told every line that a process prints, to stdout or stderr, from its first to its last
 */
export async function startSuite(
  env: Record<string, string> = {},
  heard: (line: string, name: ServiceName) => void = () => undefined,
): Promise<Suite> {
  const migrations: Record<string, MigrationClass[]> = {};
  for (const name of withDatabase) {
    const built = resolve(root, 'apps', name, 'dist/migrations/index.js');
    if (!existsSync(built)) throw new Error(`${name} is not built; run: npm run build`);
    migrations[name] = ((await import(pathToFileURL(built).href)) as { migrations: MigrationClass[] }).migrations;
  }
  const [database, broker] = await Promise.all([testDatabase(migrations), testBroker()]);
  const processes: ServiceProcess[] = [];
  const close = async () => {
    await Promise.all(processes.map((process) => process.stop()));
    await Promise.all([broker.close(), database.drop()]);
  };

  try {
    const ports = { MAILBOX_HTTP_PORT: '0', MAILBOX_SMTP_PORT: '0' };
    const mailbox = await run('mailbox', { ...ports, MAILBOX_LIMIT: '20000', MAILBOX_SLOW_MS: '300' }, heard);
    processes.push(mailbox);
    const mailboxUrl = `http://127.0.0.1:${mailbox.port}`;
    const start = async (name: ServiceName, own: Record<string, string> = {}) => {
      const settings = {
        ...testEnvironment(database, broker, name),
        LOG_LEVEL: 'info',
        DEV_API_KEY: apiKey,
        SMTP_URL: `smtp://127.0.0.1:${mailbox.smtpPort}`,
        MAIL_FROM: 'Carillon <notifications@carillon.test>',
        SMS_PROVIDER: 'africastalking',
        AFRICASTALKING_USERNAME: 'carillon',
        AFRICASTALKING_API_KEY: 'end-to-end',
        AFRICASTALKING_URL: mailboxUrl,
        ...env,
        ...own,
      };
      const service = await run(name, settings, heard);
      processes.push(service);
      return service;
    };
    const started = await Promise.all(withDatabase.map((name) => start(name)));
    const gateway = started[0]!;
    return { url: `http://127.0.0.1:${gateway.port}`, mailboxUrl, broker, database, start, processes, close };
  } catch (error) {
    await close();
    throw error;
  }
}

async function run(
  name: ServiceName,
  env: Record<string, string>,
  heard: (line: string, name: ServiceName) => void,
): Promise<ServiceProcess & { smtpPort: number }> {
  // Without source maps and with compiled code kept a service takes a fifth less CPU to start, and a run starts some 300.
  const child = spawn(process.execPath, [resolve(root, 'apps', name, 'dist/src/main.js')], {
    env: {
      PATH: process.env.PATH,
      NODE_ENV: 'test',
      NODE_COMPILE_CACHE: resolve(root, '.carillon/compile-cache'),
      ...env,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // Not "exit": what it printed last is read by then.
  const ended = once(child, 'close') as Promise<[number | null]>;
  const lines: string[] = [];
  const ready = new Promise<Ports>((resolve, reject) => {
    for (const stream of [child.stdout!, child.stderr!]) {
      createInterface({ input: stream }).on('line', (line) => {
        heard(line, name);
        lines.push(line);
        if (lines.length > 200) lines.shift();
        if (process.env.TEST_LOG_LEVEL) console.error(`${name} ${line}`);
        const ports = readyPorts(line);
        if (ports) resolve(ports);
      });
    }
    void ended.then(([code]) =>
      reject(new Error(`${name} ended with ${code} before it was ready:\n${lines.slice(-20).join('\n')}`)),
    );
  });
  const { port, smtpPort = 0 } = await ready;
  return {
    name,
    port,
    smtpPort,
    kill: async () => void (await end(child, ended, 'SIGKILL')),
    stop: () => end(child, ended, 'SIGTERM'),
  };
}

interface Ports {
  port: number;
  smtpPort?: number;
}

/** Services log "ready" as JSON; the mailbox, which is made for people, says it in words. */
function readyPorts(line: string): Ports | undefined {
  const words = /shows email and SMS on http:\/\/[^:]+:(\d+) and takes email on smtp:\/\/[^:]+:(\d+)/.exec(line);
  if (words) return { port: Number(words[1]), smtpPort: Number(words[2]) };
  if (!line.startsWith('{"level"')) return undefined;
  const { msg, port } = JSON.parse(line) as { msg?: string; port: number };
  return msg === 'ready' ? { port } : undefined;
}

async function end(
  child: ChildProcess,
  ended: Promise<[number | null]>,
  signal: NodeJS.Signals,
): Promise<number | null> {
  child.kill(signal);
  const [code] = await ended;
  return code;
}
