import twilio from 'twilio';
import type { Message, Provider, SendOutcome } from '@carillon/delivery';
import type { SmsContent } from '../sms-content.ts';
import { isAxiosFailure, outcomeOf } from '../vendor-http/axios-failure.ts';
import { refusedWith, retryAfterSeconds } from '../vendor-http/http-outcome.ts';
import { TwilioHttp, TwilioRefusal } from './twilio-http.ts';

export interface TwilioOptions {
  readonly accountSid: string;
  readonly authToken: string;
  /** A number or sender id of the account, or a messaging service (`MG…`). */
  readonly from: string;
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
  readonly name = 'twilio';
  private readonly client: twilio.Twilio;
  private readonly sender: { from: string } | { messagingServiceSid: string };

  constructor({ accountSid, authToken, from, baseUrl, timeoutMs }: TwilioOptions) {
    this.client = new twilio.Twilio(accountSid, authToken, { httpClient: new TwilioHttp(timeoutMs, baseUrl) });
    this.sender = from.startsWith('MG') ? { messagingServiceSid: from } : { from };
  }

  async send({ to, content }: Message<SmsContent>): Promise<SendOutcome> {
    try {
      const { sid } = await this.client.messages.create({ ...this.sender, to: to.address, body: content.text });
      return { kind: 'accepted', providerMessageId: sid };
    } catch (error) {
      if (error instanceof TwilioRefusal) return classify(error);
      if (isAxiosFailure(error)) return outcomeOf(vendor, error);
      throw error;
    }
  }
}

function classify({ status, code, retryAfter }: TwilioRefusal): SendOutcome {
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
