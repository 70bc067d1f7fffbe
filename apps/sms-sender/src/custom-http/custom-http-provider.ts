import {
  noAnswer,
  providerKind,
  type CheckResult,
  type Message,
  type Provider,
  type SendOutcome,
} from '@carillon/delivery';
import { ForbiddenTarget, NoAnswer, outboundRequest, type OutboundGuard } from '@carillon/service';
import { z } from 'zod';
import { senderIdFor } from '../sender-id.ts';
import type { SmsContent } from '../sms-content.ts';
import { outcomesSchema, refusalIn, type Outcomes } from './outcomes.ts';
import { fill, fillText, valueAt, type Json } from './template.ts';

export interface CustomHttpOptions {
  /** As configured; `custom` unless given. */
  readonly name?: string;
  readonly url: string;
  readonly method?: 'POST' | 'PUT';
  /** How the body is written; `json` unless given. */
  readonly format?: 'json' | 'form';
  /** Added to every request, for example an Authorization header; secrets may stand in them as `{name}`. */
  readonly headers: Readonly<Record<string, string>>;
  /** Body with the placeholders `{to}`, `{text}`, `{from}`, `{delivery_id}` and the names of secrets. */
  readonly body: Json;
  /** Where the answer names the message: `id`, `data.0.message_id`. */
  readonly idPath: string;
  /** Where the answer says what became of it. */
  readonly statusPath?: string;
  readonly outcomes?: Outcomes;
  /** Sender id, and others by the first digits of the number. */
  readonly from?: string;
  readonly senderIds?: Readonly<Record<string, string>>;
  /** By the names under which they stand in headers and body. */
  readonly secrets?: Readonly<Record<string, string>>;
  /** For a URL that a tenant has supplied. */
  readonly guard?: OutboundGuard;
}

const vendor = 'the SMS provider';

/**
 * Sends SMS by one request to any HTTP API. Any 2xx answer is "accepted", unless the table of outcomes says otherwise.
 * `Idempotency-Key` is the delivery's id, for providers that recognise a repeated request by it.
 */
export class CustomHttpProvider implements Provider<SmsContent> {
  readonly name: string;
  private readonly headers: Record<string, string>;

  constructor(private readonly options: CustomHttpOptions) {
    const { name = 'custom', headers, secrets = {} } = options;
    this.name = name;
    this.headers = Object.fromEntries(
      Object.entries(headers).map(([key, value]) => [key.toLowerCase(), fillText(value, secrets)]),
    );
  }

  async send({ deliveryId, to, content }: Message<SmsContent>, signal: AbortSignal): Promise<SendOutcome> {
    const { url, method = 'POST', format = 'json', body, idPath, statusPath, outcomes = {}, guard } = this.options;
    const from = senderIdFor(to.address, this.options.senderIds ?? {}, this.options.from ?? '');
    const values = { ...this.options.secrets, to: to.address, text: content.text, from, delivery_id: deliveryId };
    const filled = fill(body, values);
    try {
      const { status, headers, text } = await outboundRequest(
        new URL(url),
        {
          method,
          headers: {
            'idempotency-key': deliveryId,
            ...this.headers,
            'content-type': format === 'json' ? 'application/json' : 'application/x-www-form-urlencoded',
            accept: 'application/json',
          },
          body: format === 'json' ? JSON.stringify(filled) : new URLSearchParams(textsOf(filled)).toString(),
          signal,
        },
        guard,
      );
      const answer = parsed(text);
      const said = statusPath === undefined ? undefined : valueAt(answer, statusPath);
      const refusal = refusalIn(vendor, outcomes, { status, retryAfter: headers['retry-after'], said });
      return refusal ?? { kind: 'accepted', providerMessageId: valueAt(answer, idPath) };
    } catch (error) {
      if (error instanceof NoAnswer) return noAnswer(vendor, error.code, error.written);
      if (error instanceof ForbiddenTarget)
        return { kind: 'retryable', technical: true, error: `${vendor}: its URL ${error.message}`, code: error.code };
      throw error;
    }
  }

  /** All that can be asked without sending a message. */
  async check(): Promise<CheckResult> {
    const { url, guard } = this.options;
    try {
      await guard?.resolve(new URL(url).hostname.replace(/^\[(.*)\]$/, '$1'));
      return {
        ok: true,
        detail: 'its URL leads to a public address; nothing else can be asked without sending a message',
      };
    } catch (error) {
      const words = error instanceof ForbiddenTarget ? error.message : 'names a host that cannot be found';
      return { ok: false, detail: `its URL ${words}` };
    }
  }
}

/** The members of a form: texts and numbers, nothing nested. */
function textsOf(body: Json): Record<string, string> {
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return {};
  return Object.fromEntries(Object.entries(body).map(([key, value]) => [key, String(value)]));
}

/** An answer that is no JSON names no message, but the message was accepted all the same. */
function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const defaultBody = '{"to":"{to}","text":"{text}","reference":"{delivery_id}"}';

/** What a header may hold; a line break would begin another one. */
const headerText = z
  .string()
  .max(4096)
  .regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'must not contain line breaks or control characters');
const headerName = z.string().regex(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}$/, 'must be the name of a header');
/** Headers that say how the request is written are this provider's own. */
const ownHeaders = ['host', 'content-length', 'transfer-encoding', 'connection', 'upgrade', 'expect'];

/** The settings, for tenants and for the environment. */
export const customSettings = z.strictObject({
  url: z.string({ error: 'is needed: where each SMS is sent to' }),
  method: z.enum(['POST', 'PUT']).default('POST'),
  format: z.enum(['json', 'form']).default('json'),
  headers: z
    .record(headerName, headerText)
    .refine((headers) => !Object.keys(headers).some((name) => ownHeaders.includes(name.toLowerCase())), {
      error: `must not set ${ownHeaders.join(', ')}`,
    })
    .default({}),
  body: (z.json() as z.ZodType<Json>).default(JSON.parse(defaultBody) as Json),
  id_path: z.string().max(200).default('id'),
  status_path: z.string().max(200).optional(),
  outcomes: outcomesSchema.default({}),
  from: z.string().max(40).optional(),
});

/** What tenants configure. */
export const customKind = (guard: OutboundGuard) =>
  providerKind<SmsContent, z.infer<typeof customSettings>, Record<string, string>>({
    settings: customSettings.superRefine(({ url, format, body }, context) => {
      try {
        guard.checkUrl(url);
      } catch (error) {
        context.addIssue({ code: 'custom', path: ['url'], message: (error as ForbiddenTarget).message });
      }
      if (format === 'form' && Object.keys(textsOf(body)).length === 0)
        context.addIssue({
          code: 'custom',
          path: ['body'],
          message: 'must be an object of texts to be sent as a form',
        });
    }),
    secrets: z.record(z.string().regex(/^\w{1,64}$/, 'must be letters, digits and "_"'), headerText.min(1)),
    create: ({ name, settings, secrets, senderIds, guard }) => {
      const { id_path: idPath, status_path: statusPath, ...rest } = settings;
      return new CustomHttpProvider({ ...rest, name, idPath, statusPath, senderIds, secrets, guard });
    },
  });
