import {
  noAnswer,
  providerKind,
  refusedWith,
  type CheckResult,
  type Finding,
  type Message,
  type Provider,
  type SendOutcome,
} from '@carillon/delivery';
import { NoAnswer, outboundRequest, type OutboundAnswer } from '@carillon/service';
import MailComposer from 'nodemailer/lib/mail-composer';
import { z } from 'zod';
import type { EmailContent } from '../email-content.ts';
import { mailOf } from '../mail-options.ts';
import { composed } from '../mime/composed.ts';
import { fromSchema, type MailFrom } from '../smtp/mail-from.ts';

export const mailgunRegions = ['us', 'eu'] as const;

export interface MailgunOptions {
  /** As configured; `mailgun` unless given. */
  readonly name?: string;
  /** The sending domain. */
  readonly domain: string;
  /** Where the domain was set up. */
  readonly region: (typeof mailgunRegions)[number];
  readonly apiKey: string;
  readonly from: MailFrom;
  /** Instead of the region's. */
  readonly baseUrl?: string;
}

const vendor = 'Mailgun';
const baseUrls = { us: 'https://api.mailgun.net', eu: 'https://api.eu.mailgun.net' };

/**
 * Sends email through Mailgun's HTTP API (https://documentation.mailgun.com/docs/mailgun/api-reference), as a message that is
 * put together here: the same as by SMTP, with a Message-ID made of the delivery's id, by which it can be looked up.
 */
export class MailgunProvider implements Provider<EmailContent> {
  readonly name: string;
  private readonly baseUrl: string;
  private readonly authorization: string;

  constructor(private readonly options: MailgunOptions) {
    const { name = 'mailgun', region, apiKey, baseUrl = baseUrls[region] } = options;
    this.name = name;
    this.baseUrl = baseUrl.replace(/\/+$/, '');
    this.authorization = `Basic ${Buffer.from(`api:${apiKey}`).toString('base64')}`;
  }

  async send(message: Message<EmailContent>, signal: AbortSignal): Promise<SendOutcome> {
    const mail = mailOf(message, this.options.from);
    const raw =
      composed(mail) ??
      (await new MailComposer({ ...mail, disableFileAccess: true, disableUrlAccess: true }).compile().build());
    const form = new FormData();
    form.append('to', message.to.address);
    form.append('message', new Blob([new Uint8Array(raw)], { type: 'message/rfc822' }), 'message.mime');
    // Come back with every webhook.
    form.append('v:tenant', message.tenant);
    form.append('v:delivery_id', message.deliveryId);
    // Links and pictures that count are Carillon's own.
    form.append('o:tracking', 'no');
    const encoded = new Response(form);
    try {
      const answer = await this.ask('POST', `/v3/${this.options.domain}/messages.mime`, signal, {
        contentType: encoded.headers.get('content-type')!,
        body: Buffer.from(await encoded.arrayBuffer()),
      });
      if (answer.status !== 200) return refusalOf(answer);
      const { id } = z.object({ id: z.string() }).catch({ id: mail.messageId }).parse(parsed(answer.text));
      return { kind: 'accepted', providerMessageId: id };
    } catch (error) {
      if (error instanceof NoAnswer) return noAnswer(vendor, error.code, error.written);
      throw error;
    }
  }

  /** By the Message-ID. Events appear late at times, so that there is none proves nothing. */
  async lookUp(message: Message<EmailContent>, _since: Date, signal: AbortSignal): Promise<Finding> {
    const { messageId } = mailOf(message, this.options.from);
    const query = new URLSearchParams({ 'message-id': messageId.slice(1, -1), limit: '1' });
    const { status, text } = await this.ask('GET', `/v3/${this.options.domain}/events?${query.toString()}`, signal);
    const events = z.object({ items: z.array(z.unknown()) }).safeParse(parsed(text));
    const found = status === 200 && events.success && events.data.items.length > 0;
    return found ? { kind: 'taken', providerMessageId: messageId } : { kind: 'unknown' };
  }

  async check(signal: AbortSignal): Promise<CheckResult> {
    try {
      const answer = await this.ask('GET', `/v4/domains/${this.options.domain}`, signal);
      if (answer.status === 404) return { ok: false, detail: `${vendor} does not know the domain in this region` };
      if (answer.status !== 200) return { ok: false, detail: refusalOf(answer).error };
      const active = z
        .object({ domain: z.object({ state: z.literal('active') }) })
        .safeParse(parsed(answer.text)).success;
      return active
        ? { ok: true, detail: `${vendor} takes the credentials, and the domain is active` }
        : { ok: false, detail: `${vendor}: the domain is not active yet` };
    } catch (error) {
      if (error instanceof NoAnswer) return { ok: false, detail: noAnswer(vendor, error.code, error.written).error };
      throw error;
    }
  }

  private ask(
    method: string,
    path: string,
    signal: AbortSignal,
    content?: { contentType: string; body: Buffer },
  ): Promise<OutboundAnswer> {
    const headers = {
      authorization: this.authorization,
      accept: 'application/json',
      ...(content && { 'content-type': content.contentType }),
    };
    return outboundRequest(new URL(this.baseUrl + path), { method, headers, body: content?.body, signal }, undefined);
  }
}

/** https://documentation.mailgun.com/docs/mailgun/api-reference/mg-errors: the status, and for 400 what is wrong. */
function refusalOf({ status, headers, text }: OutboundAnswer) {
  const outcome = refusedWith(vendor, status, headers['retry-after']);
  if (status === 413) return { ...outcome, error: `${vendor}: the message is too large` };
  // Not the account's or the domain's fault, as other bad requests are.
  if (status === 400 && /\bto\b.{0,20}(parameter|address)/i.test(text))
    return { ...outcome, kind: 'permanent' as const, technical: false, error: `${vendor}: the address is not valid` };
  if (status === 400 || status === 402)
    return {
      ...outcome,
      kind: 'permanent' as const,
      technical: true,
      error: `${vendor}: HTTP ${status}, the request is refused`,
    };
  return outcome;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export const mailgunDomain = z
  .string({ error: 'is needed: the sending domain' })
  .regex(/^(?=.{1,253}$)([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/i, 'must be a domain such as mg.example.org');

/** What tenants configure. @param baseUrl instead of the region's, for development */
export const mailgunKind = (baseUrl: string | undefined) =>
  providerKind<
    EmailContent,
    { domain: string; region: MailgunOptions['region']; from: MailFrom },
    { api_key: string; webhook_signing_key?: string }
  >({
    settings: z.strictObject({
      domain: mailgunDomain,
      region: z.enum(mailgunRegions).default('us'),
      from: fromSchema,
    }),
    secrets: z.strictObject({
      api_key: z.string({ error: 'is needed: a sending key of the domain' }).min(1),
      // Only the gateway asks for it: by it webhooks are known to be genuine.
      webhook_signing_key: z.string().min(1).optional(),
    }),
    create: ({ name, settings, secrets }) =>
      new MailgunProvider({ ...settings, name, apiKey: secrets.api_key, baseUrl }),
  });
