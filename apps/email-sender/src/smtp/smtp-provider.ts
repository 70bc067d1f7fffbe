import { providerKind, type CheckResult, type Message, type Provider, type SendOutcome } from '@carillon/delivery';
import type { OutboundGuard } from '@carillon/service';
import nodemailer, { type NodemailerError, type Transporter } from 'nodemailer';
import type { Socket } from 'node:net';
import { Readable } from 'node:stream';
import { z } from 'zod';
import type { EmailContent } from '../email-content.ts';
import { mailOf } from '../mail-options.ts';
import { composed } from '../mime/composed.ts';
import { fromSchema, type MailFrom } from './mail-from.ts';
import { classify } from './smtp-errors.ts';

/** A server as a tenant names it. */
export interface SmtpServer {
  readonly host: string;
  readonly port: number;
  /** TLS from the start; with STARTTLS, which the server must offer; or with STARTTLS where it is offered. */
  readonly tls: 'implicit' | 'starttls' | 'opportunistic';
  readonly user?: string;
  readonly password?: string;
}

export interface SmtpOptions {
  /** As configured; `smtp` unless given. */
  readonly name?: string;
  /**
   * `smtp://user:password@host:587` or `smtps://…`. Query parameters are nodemailer's options: `?tls.rejectUnauthorized=false`.
   * Or a server, to which the guard lets through.
   */
  readonly server: string | (SmtpServer & { readonly guard: OutboundGuard });
  readonly from: MailFrom;
  /** Connections to the server at most; each carries one message at a time. */
  readonly connections: number;
}

/** Remembers the message's stream, to tell afterwards whether the server was given any of it. */
interface Handover {
  stream?: Readable;
  /** The message where it is written already. */
  readonly raw?: Buffer;
}

/**
 * Sends email to an SMTP server through a pool of connections.
 *
 * The Message-ID is made of the delivery's id, so a repeated send is the same message to whoever receives it.
 */
export class SmtpProvider implements Provider<EmailContent> {
  readonly name: string;
  private readonly transport: Transporter;

  constructor(private readonly options: SmtpOptions) {
    this.name = options.name ?? 'smtp';
    this.transport = nodemailer.createTransport({
      pool: true,
      ...(typeof options.server === 'string' ? { url: options.server } : guarded(options.server)),
      maxConnections: options.connections,
      connectionTimeout: connectTimeoutMs,
      greetingTimeout: 10_000,
      socketTimeout: 60_000,
      // A message never makes this process read a file or fetch a URL.
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    this.transport.use('stream', (mail, done) => {
      const { message } = mail;
      const { handover } = mail.data as { handover?: Handover };
      if (message && handover) {
        const { raw } = handover;
        const createReadStream = raw ? () => streamOf(raw) : message.createReadStream.bind(message);
        message.createReadStream = (options) => (handover.stream = createReadStream(options));
      }
      done();
    });
  }

  async send(message: Message<EmailContent>, signal: AbortSignal): Promise<SendOutcome> {
    const mail = mailOf(message, this.options.from);
    const raw = composed(mail);
    const handover: Handover = { raw };
    const { messageId, from, to } = mail;
    const content = raw ? { raw, messageId, envelope: { from, to } } : mail;
    try {
      await this.transport.sendMail({ ...content, signal, ...{ handover } });
      return { kind: 'accepted', providerMessageId: messageId };
    } catch (error) {
      return classify(error as NodemailerError, handover.stream?.readableDidRead ?? false);
    }
  }

  async check(): Promise<CheckResult> {
    try {
      await this.transport.verify();
      return { ok: true, detail: 'the server lets us in' };
    } catch (error) {
      return { ok: false, detail: classify(error as NodemailerError, false).error };
    }
  }

  close(): void {
    this.transport.close();
  }
}

const connectTimeoutMs = 10_000;

/** In one piece, which becomes one write to the socket. */
function streamOf(message: Buffer): Readable {
  return new Readable({
    read() {
      this.push(message);
      this.push(null);
    },
  });
}

/** nodemailer resolves names by itself; here it is handed a connection to an address that was checked. */
function guarded({ host, port, tls, user, password, guard }: SmtpServer & { guard: OutboundGuard }) {
  return {
    ...{ host, port, secure: tls === 'implicit', requireTLS: tls === 'starttls' },
    ...(user !== undefined && { auth: { user, pass: password } }),
    getSocket: (_options: unknown, done: (error: Error | null, socket?: { connection: Socket }) => void) => {
      guard.connect(host, port, connectTimeoutMs).then(
        (connection) => done(null, { connection }),
        (error: Error) => done(error),
      );
    },
  };
}

const hostName = /^(?=.{1,253}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)*[a-z0-9]([a-z0-9-]*[a-z0-9])?$|^[0-9a-f:.]+$/i;

/** What tenants configure. */
export const smtpKind = (connections: number) =>
  providerKind<EmailContent, Omit<SmtpServer, 'password'> & { from: MailFrom }, { password?: string }>({
    settings: z.strictObject({
      host: z.string({ error: 'is needed: the name of the server' }).regex(hostName, 'must be the name of a server'),
      port: z.number().int().min(1).max(65_535).default(587),
      tls: z.enum(['implicit', 'starttls', 'opportunistic']).default('starttls'),
      user: z.string().min(1).max(320).optional(),
      from: fromSchema,
    }),
    secrets: z.strictObject({ password: z.string().optional() }),
    create: ({ name, settings: { from, ...server }, secrets: { password }, guard }) =>
      new SmtpProvider({ name, server: { ...server, password, guard }, from, connections }),
  });
