import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach } from '@jest/globals';
import { startMailbox, type Mailbox, type MailboxOptions } from '../mailbox.ts';

type Closing = () => Promise<unknown>;
const closings: Closing[] = [];

afterEach(async () => {
  await Promise.all(closings.splice(0).map((close) => close()));
});

/** Runs after the test, whatever its outcome. */
export function afterwards(close: Closing): void {
  closings.push(close);
}

/** A mailbox on free ports that ends with the test; slow and late things take a moment only. */
export async function runningMailbox(options: MailboxOptions = {}): Promise<Mailbox> {
  const mailbox = await startMailbox({ httpPort: 0, smtpPort: 0, slowMs: 300, laterMs: 20, ...options });
  afterwards(() => mailbox.close());
  return mailbox;
}

/** Waits for a condition, never for a time. @returns what the condition returned. @throws Error after 20 seconds */
export async function eventually<T>(condition: () => T | undefined | false): Promise<T> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    const result = condition();
    if (result !== undefined && result !== false) return result;
    if (Date.now() > deadline) throw new Error(`Not within 20 seconds: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}

export interface ReceivedRequest {
  headers: IncomingHttpHeaders;
  body: string;
}

/** A receiver of callbacks on a free port. @param answers statuses of the first answers; then 200 */
export async function callbackReceiver(answers: number[] = []): Promise<{ url: string; received: ReceivedRequest[] }> {
  const received: ReceivedRequest[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8');
    request.on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body });
      response.writeHead(answers.shift() ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  afterwards(() => {
    server.closeAllConnections();
    return new Promise((resolve) => server.close(resolve));
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/callback?from=mailbox`, received };
}
