import type { Socket } from 'node:net';
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from 'smtp-server';
import { listen } from '../listen.ts';
import type { MessageStore } from '../messages/message-store.ts';
import type { SimulatedAddress } from '../simulation/simulated-recipients.ts';
import type { Simulation } from '../simulation/simulation.ts';
import type { Delays } from '../simulation/delays.ts';
import { bounceLater, type BounceOptions } from './bounce.ts';
import { parseEmail } from './parse-email.ts';

/** How long clients may take to finish what they are doing when the mailbox closes. */
const CLOSE_TIMEOUT_MS = 1000;

export interface SmtpOptions extends BounceOptions {
  store: MessageStore;
  simulation: Simulation;
  delays: Delays;
  host: string;
  /** 0 takes any free port */
  port: number;
  /** Largest message accepted, in bytes; announced as SIZE (RFC 1870) */
  maxMessageBytes: number;
  /** How long a slow recipient takes to answer, in milliseconds */
  slowMs: number;
}

/** An SMTP reply that turns something down, in the form that smtp-server reads. */
class SmtpRefusal extends Error {
  readonly responseCode: number;

  constructor({ code, text }: { code: number; text: string }) {
    super(text);
    this.responseCode = code;
  }
}

/** Takes every email, without TLS and with any credentials or none, except for simulated recipients. */
export class MailServer {
  readonly #options: SmtpOptions;
  readonly #server: SMTPServer;
  /** Open connections by the client's port, to cut the one of a recipient that gives no answer */
  readonly #sockets = new Map<number, Socket>();

  constructor(options: SmtpOptions) {
    this.#options = options;
    this.#server = new SMTPServer({
      name: 'mailbox.localhost',
      banner: 'Carillon development mailbox',
      logger: false,
      disabledCommands: ['STARTTLS'],
      authOptional: true,
      allowInsecureAuth: true,
      disableReverseLookup: true,
      hideENHANCEDSTATUSCODES: false,
      size: options.maxMessageBytes,
      rejectOversized: true,
      closeTimeout: CLOSE_TIMEOUT_MS,
      onAuth: (auth, _session, done) => done(null, { user: auth.username ?? 'anyone' }),
      onRcptTo: ({ address }, _session, done) => done(this.#refusalOfRecipient(address)),
      onData: (stream, session, done) => {
        this.#receive(stream, session).then(
          (answered) => answered && done(),
          (error: unknown) => done(error instanceof Error ? error : new Error(String(error))),
        );
      },
    });
    // A client that hangs up or sends nonsense ends its own connection only.
    this.#server.on('error', () => undefined);
    this.#server.server.on('connection', (socket: Socket) => {
      const port = socket.remotePort;
      if (port === undefined) return;
      this.#sockets.set(port, socket);
      socket.once('close', () => this.#sockets.delete(port));
    });
  }

  /** @returns the port. @throws PortInUseError */
  listen(): Promise<number> {
    const { host, port } = this.#options;
    return listen(this.#server.server, { host, port, variable: 'MAILBOX_SMTP_PORT' });
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(resolve);
      // Pooled clients keep idle connections open; nobody waits for them.
      for (const connection of this.#server.connections) connection.send(421, 'The mailbox is closing');
    });
  }

  #refusalOfRecipient(address: string): SmtpRefusal | null {
    const recipient = this.#options.simulation.address(address);
    return recipient?.refusal?.at === 'RCPT' ? this.#refusal(recipient, address) : null;
  }

  #refusal(recipient: SimulatedAddress, address: string): SmtpRefusal | null {
    const { refusal } = recipient;
    if (!refusal || !this.#options.simulation.refuses(recipient, address.toLowerCase())) return null;
    this.#options.store.refuse({
      channel: 'email',
      provider: 'smtp',
      to: address,
      answer: `${refusal.code} ${refusal.text}`,
      simulated: recipient.name,
    });
    return new SmtpRefusal(refusal);
  }

  /** @returns whether the client is to be answered. @throws SmtpRefusal for what is turned down */
  async #receive(stream: SMTPServerDataStream, session: SMTPServerSession): Promise<boolean> {
    const { store, slowMs, delays } = this.#options;
    const raw = await readUpToLimit(stream);
    // smtp-server answers 552 by itself.
    if (!raw) return true;

    const recipients = session.envelope.rcptTo.map(({ address }) => ({
      address,
      simulated: this.#options.simulation.address(address),
    }));
    for (const { address, simulated } of recipients) {
      if (simulated?.refusal?.at !== 'DATA') continue;
      const refusal = this.#refusal(simulated, address);
      if (refusal) throw refusal;
    }

    const email = await parseEmail(raw).catch((error: unknown) => {
      throw new SmtpRefusal({ code: 554, text: `The message cannot be read: ${String(error)}` });
    });
    const envelopeFrom = session.envelope.mailFrom ? session.envelope.mailFrom.address : '';
    for (const { address, simulated } of recipients) {
      const message = store.add({
        ...email,
        channel: 'email',
        provider: 'smtp',
        to: address,
        envelope_from: envelopeFrom,
        simulated: simulated?.name ?? null,
      });
      if (simulated?.bounce) void bounceLater(message, simulated.bounce, this.#options);
    }

    if (recipients.some(({ simulated }) => simulated?.slow)) await delays.wait(slowMs);
    if (recipients.some(({ simulated }) => simulated?.noAnswer)) {
      this.#sockets.get(session.remotePort)?.destroy();
      return false;
    }
    return true;
  }
}

/** @returns the message, or undefined when it is over the announced size; it is read to its end either way */
async function readUpToLimit(stream: SMTPServerDataStream): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    if (stream.sizeExceeded) chunks.length = 0;
    else chunks.push(chunk);
  }
  return stream.sizeExceeded ? undefined : Buffer.concat(chunks);
}
