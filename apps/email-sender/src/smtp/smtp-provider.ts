import type { Message, Provider, SendOutcome } from '@carillon/delivery';
import nodemailer, { type NodemailerError, type Transporter } from 'nodemailer';
import type { Readable } from 'node:stream';
import type { EmailContent } from '../email-content.ts';
import { mailOf } from '../mail-options.ts';
import type { MailFrom } from './mail-from.ts';
import { classify } from './smtp-errors.ts';

export interface SmtpOptions {
  /** `smtp://user:password@host:587` or `smtps://…`. Query parameters are nodemailer's options: `?tls.rejectUnauthorized=false`. */
  readonly url: string;
  readonly from: MailFrom;
  /** Connections to the server at most; each carries one message at a time. */
  readonly connections: number;
}

/** Remembers the message's stream, to tell afterwards whether the server was given any of it. */
interface Handover {
  stream?: Readable;
}

/**
 * Sends email to an SMTP server through a pool of connections.
 *
 * The Message-ID is made of the delivery's id, so a repeated send is the same message to whoever receives it.
 */
export class SmtpProvider implements Provider<EmailContent> {
  readonly name = 'smtp';
  private readonly transport: Transporter;

  constructor(private readonly options: SmtpOptions) {
    this.transport = nodemailer.createTransport({
      pool: true,
      url: options.url,
      maxConnections: options.connections,
      connectionTimeout: 10_000,
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
        const createReadStream = message.createReadStream.bind(message);
        message.createReadStream = (options) => (handover.stream = createReadStream(options));
      }
      done();
    });
  }

  async send(message: Message<EmailContent>, signal: AbortSignal): Promise<SendOutcome> {
    const handover: Handover = {};
    const mail = { ...mailOf(message, this.options.from), signal, handover };
    try {
      await this.transport.sendMail(mail);
      return { kind: 'accepted', providerMessageId: mail.messageId };
    } catch (error) {
      return classify(error as NodemailerError, handover.stream?.readableDidRead ?? false);
    }
  }

  close(): void {
    this.transport.close();
  }
}
