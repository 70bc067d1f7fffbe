import twilio from 'twilio';
import {
  providerKind,
  refusedWith,
  retryAfterSeconds,
  type CheckResult,
  type Finding,
  type Message,
  type NotAccepted,
  type Provider,
  type SendOutcome,
} from '@carillon/delivery';
import { z } from 'zod';
import { senderIdFor } from '../sender-id.ts';
import type { SmsContent } from '../sms-content.ts';
import { isAxiosFailure, outcomeOf } from '../vendor-http/axios-failure.ts';
import { TwilioHttp, TwilioRefusal } from './twilio-http.ts';

export interface TwilioOptions {
  /** As configured; `twilio` unless given. */
  readonly name?: string;
  readonly accountSid: string;
  readonly authToken: string;
  /** A number or sender id of the account, or a messaging service (`MG…`). */
  readonly from: string;
  /** Other senders by the first digits of the number. */
  readonly senderIds?: Readonly<Record<string, string>>;
  /** Where Twilio reports to, if it can: the gateway as the world reaches it. */
  readonly publicUrl?: string;
  /** Whether a tenant has configured it: its reports are then signed with the tenant's auth token. */
  readonly isTenants?: boolean;
  /** Instead of https://api.twilio.com. */
  readonly baseUrl?: string;
  readonly timeoutMs: number;
}

const vendor = 'Twilio';

/** https://www.twilio.com/docs/api/errors: what the codes of a refused message mean; the others are judged by their status. */
const recipientsFault: Record<number, string> = {
  21211: 'the number is not valid',
  21214: 'the number cannot be reached',
  21217: 'the number is not valid',
  21610: 'the person has opted out',
  21612: 'there is no route to the number',
  21614: 'the number cannot receive SMS',
  21617: 'the text is too long',
  21619: 'the text is empty',
  21635: 'the number is a landline',
};
const ourFault: Record<number, string> = {
  21212: 'the sender is not valid',
  21408: 'sending to this country is not enabled',
  21603: 'the sender is missing',
  21606: 'the sender cannot send SMS',
  21608: 'a trial account sends to verified numbers only',
  21659: 'the sender is not a number of this account',
  21660: 'the sender belongs to another account',
  21701: 'the messaging service is not known',
  21703: 'the messaging service has no sender',
};
const ourFaultForNow: Record<number, string> = {
  20003: 'the credentials are not accepted',
  20005: 'the account is not active',
  30002: 'the account is suspended',
};
const tooMany: Record<number, string> = {
  14107: 'too many messages',
  20429: 'too many requests',
  21611: 'the sender’s queue is full',
  63038: 'the account’s daily limit is reached',
};

/** Sends SMS through Twilio by their SDK. */
export class TwilioProvider implements Provider<SmsContent> {
  readonly name: string;
  private readonly client: twilio.Twilio;

  constructor(private readonly options: TwilioOptions) {
    const { name = 'twilio', accountSid, authToken, baseUrl, timeoutMs } = options;
    this.name = name;
    this.client = new twilio.Twilio(accountSid, authToken, { httpClient: new TwilioHttp(timeoutMs, baseUrl) });
  }

  async send({ tenant, deliveryId, to, content }: Message<SmsContent>): Promise<SendOutcome> {
    const from = senderIdFor(to.address, this.options.senderIds ?? {}, this.options.from);
    const sender = from.startsWith('MG') ? { messagingServiceSid: from } : { from };
    try {
      const { sid } = await this.client.messages.create({
        ...sender,
        to: to.address,
        body: content.text,
        ...statusCallback(this.options.publicUrl, {
          tenant,
          delivery: deliveryId,
          ...(this.options.isTenants && { provider: this.name }),
        }),
      });
      return { kind: 'accepted', providerMessageId: sid };
    } catch (error) {
      return refusalOf(error);
    }
  }

  /** Among the messages to the number since then: Twilio knows a message by nothing that we could give it. */
  async lookUp({ to, content }: Message<SmsContent>, since: Date): Promise<Finding> {
    const listed = await this.client.messages.list({ to: to.address, dateSentAfter: since, limit: 50 });
    const lately = listed.filter(({ dateCreated, direction }) => dateCreated >= since && direction !== 'inbound');
    const same = lately.find(({ body }) => body === content.text);
    if (same) return { kind: 'taken', providerMessageId: same.sid };
    // Another text to the number may be this one, as a messaging service rewrote it.
    return { kind: lately.length === 0 ? 'not_taken' : 'unknown' };
  }

  async check(): Promise<CheckResult> {
    try {
      const { status } = await this.client.api.v2010.accounts(this.options.accountSid).fetch();
      if (status === 'active') return { ok: true, detail: `${vendor} takes the credentials` };
      return { ok: false, detail: `${vendor}: the account is not active` };
    } catch (error) {
      return { ok: false, detail: refusalOf(error).error };
    }
  }
}

/** Twilio refuses a message whose reports would go to an address that only this machine knows. */
function statusCallback(publicUrl: string | undefined, of: Record<string, string>): { statusCallback?: string } {
  if (publicUrl === undefined || /^(localhost|127\.|\[::1\])|\.localhost$/.test(new URL(publicUrl).hostname)) return {};
  return { statusCallback: `${publicUrl}/webhooks/twilio/status?${new URLSearchParams(of)}` };
}

/** @throws what is no answer of the vendor and no failure on the way to it */
function refusalOf(error: unknown): NotAccepted {
  if (error instanceof TwilioRefusal) return classify(error);
  if (isAxiosFailure(error)) return outcomeOf(vendor, error);
  throw error;
}

function classify({ status, code, retryAfter }: TwilioRefusal): NotAccepted {
  const about = (meanings: Record<number, string>): string | undefined =>
    code !== undefined && meanings[code] ? `${vendor}: error ${code}, ${meanings[code]}` : undefined;
  const known = { code: String(code) };
  let error: string | undefined;
  if ((error = about(recipientsFault))) return { kind: 'permanent', error, ...known };
  if ((error = about(ourFault))) return { kind: 'permanent', error, technical: true, ...known };
  if ((error = about(ourFaultForNow))) return { kind: 'retryable', error, technical: true, ...known };
  if ((error = about(tooMany))) {
    return { kind: 'throttled', error, ...known, retryAfterSeconds: retryAfterSeconds(retryAfter, Date.now()) };
  }
  return refusedWith(vendor, status, retryAfter, code);
}

export const accountSid = z.string().regex(/^AC[0-9a-f]{32}$/, 'must be AC and 32 hex digits');

/** What tenants configure. @param baseUrl instead of the vendor's, for development */
export const twilioKind = (baseUrl: string | undefined, publicUrl?: string) =>
  providerKind<SmsContent, { account_sid: string; from: string }, { auth_token: string }>({
    settings: z.strictObject({
      account_sid: accountSid,
      from: z.string().min(1, 'must be a number, a sender id or MG…'),
    }),
    secrets: z.strictObject({ auth_token: z.string({ error: 'is needed: the auth token of the account' }).min(1) }),
    create: ({ name, settings, secrets, senderIds, timeoutMs }) =>
      new TwilioProvider({
        ...{ name, accountSid: settings.account_sid, authToken: secrets.auth_token, from: settings.from },
        ...{ senderIds, baseUrl, timeoutMs, publicUrl, isTenants: true },
      }),
  });
