import { Callbacks } from './callbacks.ts';
import { MailServer } from './email/smtp-server.ts';
import { startWebServer } from './http/web-server.ts';
import { MessageStore, type MessageFilter } from './messages/message-store.ts';
import type { Message, Refusal } from './messages/message.ts';
import { Delays } from './simulation/delays.ts';
import { Simulation } from './simulation/simulation.ts';

export { PortInUseError } from './listen.ts';
export type { BounceReport } from './email/bounce.ts';
export type { AttachmentSummary, Channel, Message, MessageStatus, Provider, Refusal } from './messages/message.ts';
export type { MessageFilter } from './messages/message-store.ts';
export { REFUSED_CREDENTIAL, SIMULATED_ADDRESSES, SIMULATED_NUMBERS } from './simulation/simulated-recipients.ts';

/** Every option has a default that suits a developer's machine. */
export interface MailboxOptions {
  /** Address to listen on; default 127.0.0.1 */
  host?: string;
  /** Default 8025; 0 takes any free port */
  httpPort?: number;
  /** Default 1025; 0 takes any free port */
  smtpPort?: number;
  /** Number of messages kept in memory, the oldest are dropped; default 1000 */
  limit?: number;
  /** Largest email accepted, in bytes; default 10 MiB */
  maxMessageBytes?: number;
  /** How long a slow simulated recipient takes to answer, in milliseconds; default 3000 */
  slowMs?: number;
  /** How long after acceptance receipts and bounces come, in milliseconds; default 2000 */
  laterMs?: number;
  /** Bounces are posted there as JSON, see BounceReport */
  bounceUrl?: string;
  /** Africa's Talking's delivery reports are posted there as a form */
  africasTalkingCallbackUrl?: string;
  /** The custom SMS provider's receipts are posted there as JSON */
  customCallbackUrl?: string;
  /** The custom SMS provider asks for this bearer token; left out, it asks for none */
  customToken?: string;
}

/** A running mailbox. */
export interface Mailbox {
  /** Such as `http://127.0.0.1:8025`: the page, the API, and the base URL of the SMS doubles */
  httpUrl: string;
  /** Such as `smtp://127.0.0.1:1025` */
  smtpUrl: string;
  httpPort: number;
  smtpPort: number;
  /** The messages that match, newest first */
  messages(filter?: MessageFilter): Message[];
  /** The tries that were turned down, newest first */
  refusals(): Refusal[];
  /** Stops listening, ends open connections, drops what was still to be reported. */
  close(): Promise<void>;
}

export const DEFAULTS = {
  host: '127.0.0.1',
  httpPort: 8025,
  smtpPort: 1025,
  limit: 1000,
  maxMessageBytes: 10 * 1024 * 1024,
  slowMs: 3000,
  laterMs: 2000,
} as const satisfies MailboxOptions;

/**
 * Starts the mailbox in this process.
 * @throws PortInUseError when one of its ports is taken; nothing is left running then
 */
export async function startMailbox(options: MailboxOptions = {}): Promise<Mailbox> {
  const settings = { ...DEFAULTS, ...options };
  const store = new MessageStore(settings.limit);
  const simulation = new Simulation();
  const delays = new Delays();
  const callbacks = new Callbacks(delays);
  const shared = { ...settings, store, simulation, delays, callbacks };

  const mailServer = new MailServer({ ...shared, port: settings.smtpPort });
  const smtpPort = await mailServer.listen();
  const smtpUrl = `smtp://${hostInUrl(settings.host)}:${smtpPort}`;
  const webServer = await startWebServer({ ...shared, port: settings.httpPort, smtpUrl }).catch(
    async (error: unknown) => {
      await mailServer.close();
      throw error;
    },
  );

  return {
    httpUrl: `http://${hostInUrl(settings.host)}:${webServer.port}`,
    smtpUrl,
    httpPort: webServer.port,
    smtpPort,
    messages: (filter) => store.list(filter),
    refusals: () => store.refusals(),
    close: async () => {
      delays.close();
      callbacks.close();
      await Promise.all([mailServer.close(), webServer.close()]);
    },
  };
}

/** IPv6 addresses go in brackets; one that listens everywhere is reached at localhost. */
function hostInUrl(host: string): string {
  if (host === '0.0.0.0' || host === '::') return 'localhost';
  return host.includes(':') ? `[${host}]` : host;
}
