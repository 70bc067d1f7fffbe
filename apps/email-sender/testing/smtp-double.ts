import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What the double does at one step of a session instead of going along. */
export type Answer =
  /** An SMTP reply, such as `550 5.1.1 no`. */
  | string
  /** Cuts the connection without a word. */
  | { readonly fault: 'reset' }
  /** Never answers. */
  | { readonly fault: 'silence' };

/** The steps of a session at which an answer can be set. */
export type Step = 'greeting' | 'AUTH' | 'MAIL' | 'RCPT' | 'DATA' | 'message';

export interface ReceivedMail {
  readonly from: string;
  readonly to: string;
  readonly headers: Record<string, string>;
  readonly raw: string;
}

/**
 * A small SMTP server that takes mail word by word, so that a test can make it refuse, fall silent or cut the line at any
 * step. It checks what it is sent: an unexpected command ends the session with 503.
 */
export class SmtpDouble {
  /** Mails that were taken. */
  readonly received: ReceivedMail[] = [];
  /** Connections ever made. */
  connections = 0;
  /** Answers other than going along; they stay until changed. */
  answers: Partial<Record<Step, Answer>> = {};
  /** Whether the server asks for credentials; `AUTH PLAIN` is then what it takes. */
  credentials?: { user: string; password: string };
  private readonly sockets = new Set<Socket>();

  private constructor(private readonly server: Server) {}

  static async start(): Promise<SmtpDouble> {
    const server = createServer();
    const double = new SmtpDouble(server);
    server.on('connection', (socket) => double.serve(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return double;
  }

  get port(): number {
    return (this.server.address() as AddressInfo).port;
  }

  get url(): string {
    return `smtp://127.0.0.1:${this.port}`;
  }

  async close(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private serve(socket: Socket): void {
    this.connections += 1;
    this.sockets.add(socket);
    socket.on('close', () => this.sockets.delete(socket)).on('error', () => undefined);
    let from = '';
    let to = '';
    let message: string | undefined;
    let buffer = '';
    const reply = (step: Step | undefined, usual: string): boolean => {
      const answer = (step && this.answers[step]) ?? usual;
      if (typeof answer === 'string') socket.write(`${answer}\r\n`);
      else if (answer.fault === 'reset') socket.resetAndDestroy();
      return answer === usual;
    };
    const command = (line: string): void => {
      const [verb = '', argument = ''] = [line.slice(0, 4).toUpperCase(), line.slice(5)];
      if (verb === 'EHLO') reply(undefined, this.credentials ? '250-double\r\n250 AUTH PLAIN' : '250 double');
      else if (verb === 'AUTH')
        reply('AUTH', this.authenticates(argument) ? '235 welcome' : '535 5.7.8 wrong credentials');
      else if (verb === 'MAIL') {
        if (reply('MAIL', '250 ok')) from = /<(.*?)>/.exec(argument)?.[1] ?? '';
      } else if (verb === 'RCPT') {
        if (reply('RCPT', '250 ok')) to = /<(.*?)>/.exec(argument)?.[1] ?? '';
      } else if (verb === 'DATA') {
        if (reply('DATA', '354 go on')) message = '';
      } else if (verb === 'RSET') reply(undefined, '250 ok');
      else if (verb === 'QUIT') socket.end('221 bye\r\n');
      else reply(undefined, '503 5.5.1 unexpected');
    };
    reply('greeting', '220 double ESMTP');
    socket.setEncoding('utf8').on('data', (chunk: string) => {
      buffer += chunk;
      for (let end = buffer.indexOf('\r\n'); end >= 0; end = buffer.indexOf('\r\n')) {
        const line = buffer.slice(0, end);
        buffer = buffer.slice(end + 2);
        if (message === undefined) command(line);
        // Who sends doubles a dot that begins a line (RFC 5321, 4.5.2).
        else if (line !== '.') message += `${line.startsWith('.') ? line.slice(1) : line}\r\n`;
        else {
          if (reply('message', '250 2.0.0 taken'))
            this.received.push({ from, to, headers: headersOf(message), raw: message });
          message = undefined;
        }
      }
    });
  }

  private authenticates(argument: string): boolean {
    const [, user, password] = Buffer.from(argument.split(' ')[1] ?? '', 'base64')
      .toString()
      .split('\0');
    return user === this.credentials?.user && password === this.credentials?.password;
  }
}

function headersOf(raw: string): Record<string, string> {
  const head = raw.slice(0, raw.indexOf('\r\n\r\n')).replaceAll(/\r\n[ \t]+/g, ' ');
  return Object.fromEntries(
    head
      .split('\r\n')
      .map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()]),
  );
}
