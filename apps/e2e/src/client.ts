import { until } from '@carillon/testing';
import { Conformance } from './conformance.ts';
import { apiKey, type Suite } from './suite.ts';

export interface Answer {
  status: number;
  json: any;
}

export interface MailboxMessage {
  id: string;
  channel: 'email' | 'sms';
  to: string;
  from: string;
  subject: string | null;
  text: string;
  html: string | null;
  headers: Record<string, string>;
}

/**
 * The public surface as an integrator uses it: HTTP with a key or token, AMQP, and the mailbox to see what arrived. Every answer is
 * held against the OpenAPI document.
 */
export class Client {
  private conformance?: Promise<Conformance>;

  constructor(private readonly suite: Suite) {}

  /** @throws Error for an answer that is not as the OpenAPI document says */
  async call(method: string, path: string, body?: unknown, credential = apiKey): Promise<Answer> {
    const sent = body === undefined ? undefined : { type: 'application/json', text: JSON.stringify(body) };
    return this.send(method, path, sent, credential);
  }

  /** The answer's body. @throws Error when it is not a success */
  async ok(method: string, path: string, body?: unknown, credential?: string): Promise<any> {
    const { status, json } = await this.call(method, path, body, credential);
    if (status >= 300) throw new Error(`${method} ${path}: ${status} ${JSON.stringify(json)}`);
    return json;
  }

  /** The tenant's catalog as a YAML document. @param query such as `?dry_run=true` */
  async putCatalog(document: string, query = ''): Promise<Answer> {
    return this.send('PUT', `/v1/admin/catalog${query}`, { type: 'application/yaml', text: document }, apiKey);
  }

  private async send(
    method: string,
    path: string,
    body: { type: string; text: string } | undefined,
    credential: string,
  ): Promise<Answer> {
    const url = this.suite.url + path;
    const response = await fetch(url, {
      method,
      headers: { authorization: `Bearer ${credential}`, ...(body && { 'content-type': body.type }) },
      body: body?.text,
    });
    const { status, headers } = response;
    const text = await response.text();
    this.conformance ??= Conformance.of(this.suite.url);
    const mistakes = (await this.conformance).mistakes(method, url, { status, headers, text });
    if (mistakes.length > 0)
      throw new Error(`${method} ${path}: ${status} is not as documented: ${mistakes.join('; ')}`);
    return { status, json: JSON.parse(text) };
  }

  /** Creates a recipient and answers with a token for it. */
  async recipient(id: string, contacts: { email?: string; phone?: string; name?: string } = {}): Promise<string> {
    const put = await this.call('PUT', `/v1/recipients/${encodeURIComponent(id)}`, { name: id, ...contacts });
    if (put.status > 201) throw new Error(`recipient ${id}: ${JSON.stringify(put.json)}`);
    const { json } = await this.call('POST', `/v1/recipients/${encodeURIComponent(id)}/tokens`);
    return json.token as string;
  }

  /** Publishes as any AMQP client would. */
  publish(routingKey: string, event: unknown): void {
    this.suite.broker.publish('events', routingKey, event, { persistent: true });
  }

  async mailbox(to: string, channel?: 'email' | 'sms'): Promise<MailboxMessage[]> {
    const query = new URLSearchParams({ to, limit: '1000', ...(channel && { channel }) });
    const response = await fetch(`${this.suite.mailboxUrl}/api/messages?${query}`);
    return (await response.json()) as MailboxMessage[];
  }

  /** Waits for the first message to somebody. */
  arrived(to: string, channel: 'email' | 'sms'): Promise<MailboxMessage> {
    return until(`${channel} to ${to}`, async () => (await this.mailbox(to, channel))[0]);
  }

  /** Waits for a delivery of the channel's log that matches. */
  delivery(
    channel: 'email' | 'sms',
    filter: Record<string, string>,
    matches: (delivery: any) => boolean = () => true,
  ): Promise<any> {
    const query = new URLSearchParams(filter);
    return until(`${channel} delivery with ${query}`, async () => {
      const { json } = await this.call('GET', `/v1/admin/deliveries/${channel}?${query}`);
      return (json.data as any[]).find(matches);
    });
  }
}
