import type { Message, Provider, SendOutcome } from '@carillon/delivery';
import type { SmsContent } from '../sms-content.ts';
import { noAnswer, refusedWith } from '../vendor-http/http-outcome.ts';
import { fill, valueAt, type Json } from './template.ts';

export interface CustomHttpOptions {
  readonly url: string;
  /** Added to every request, for example an Authorization header. */
  readonly headers: Record<string, string>;
  /** Body with the placeholders `{to}`, `{text}`, `{delivery_id}`. */
  readonly body: Json;
  /** Where the answer names the message: `id`, `data.0.message_id`. */
  readonly idPath: string;
}

const vendor = 'the SMS provider';

/**
 * Sends SMS by one JSON POST to any HTTP API. Any 2xx answer is "accepted". `Idempotency-Key` is the delivery's id, for
 * providers that recognise a repeated request by it.
 */
export class CustomHttpProvider implements Provider<SmsContent> {
  readonly name = 'custom';

  constructor(private readonly options: CustomHttpOptions) {}

  async send({ deliveryId, to, content }: Message<SmsContent>, signal: AbortSignal): Promise<SendOutcome> {
    const { url, headers, body, idPath } = this.options;
    const values = { to: to.address, text: content.text, delivery_id: deliveryId };
    try {
      const response = await fetch(url, {
        method: 'POST',
        headers: {
          'idempotency-key': deliveryId,
          ...headers,
          'content-type': 'application/json',
          accept: 'application/json',
        },
        body: JSON.stringify(fill(body, values)),
        redirect: 'manual',
        signal,
      });
      const answer = await response.text();
      if (!response.ok) return refusedWith(vendor, response.status, response.headers.get('retry-after'));
      return { kind: 'accepted', providerMessageId: valueAt(parsed(answer), idPath) };
    } catch (error) {
      return noAnswer(vendor, codeOf(error), true);
    }
  }
}

/** An answer that is no JSON names no message, but the message was accepted all the same. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Node's fetch hides the system's error as the cause. */
function codeOf(error: unknown): string {
  const { name, cause } = error as { name?: string; cause?: { code?: string; name?: string } };
  return cause?.code ?? cause?.name ?? name ?? 'unknown error';
}
