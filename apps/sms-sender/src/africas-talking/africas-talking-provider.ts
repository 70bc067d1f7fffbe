import { providerKind, type CheckResult, type Message, type Provider, type SendOutcome } from '@carillon/delivery';
import { z } from 'zod';
import { senderIdFor } from '../sender-id.ts';
import type { SmsContent } from '../sms-content.ts';
import { isAxiosFailure, outcomeOf } from '../vendor-http/axios-failure.ts';
import { connect, type SendAnswer } from './sdk.ts';

export interface AfricasTalkingOptions {
  /** As configured; `africastalking` unless given. */
  readonly name?: string;
  readonly username: string;
  readonly apiKey: string;
  /** Sender id or short code; without one the vendor uses its own. */
  readonly from?: string;
  /** Other senders by the first digits of the number. */
  readonly senderIds?: Readonly<Record<string, string>>;
  /** Instead of https://api.africastalking.com. */
  readonly baseUrl?: string;
  readonly timeoutMs: number;
}

const vendor = 'Africa’s Talking';

type Refusal = { kind: 'permanent' | 'retryable'; technical?: boolean; words: string };

/** https://developers.africastalking.com/docs/sms/sending/bulk: the statuses of a recipient that are no success. */
const refusals: Record<string, Refusal> = {
  RiskHold: { kind: 'permanent', technical: true, words: 'held back by the vendor’s risk check' },
  InvalidSenderId: { kind: 'permanent', technical: true, words: 'the sender id is not registered' },
  InvalidPhoneNumber: { kind: 'permanent', words: 'the number is not valid' },
  UnsupportedNumberType: { kind: 'permanent', words: 'the number cannot receive SMS' },
  InsufficientBalance: { kind: 'retryable', technical: true, words: 'the account’s balance is used up' },
  UserInBlacklist: { kind: 'permanent', words: 'the person has opted out' },
  CouldNotRoute: { kind: 'permanent', words: 'there is no route to the number' },
  DoNotDisturbRejection: { kind: 'permanent', words: 'the number is on a do-not-disturb list' },
  InternalServerError: { kind: 'retryable', words: 'the vendor failed' },
  GatewayError: { kind: 'retryable', words: 'the mobile network failed' },
  RejectedByGateway: { kind: 'permanent', words: 'the mobile network refuses the message' },
};

const statusOfCode: Record<number, string> = {
  401: 'RiskHold',
  402: 'InvalidSenderId',
  403: 'InvalidPhoneNumber',
  404: 'UnsupportedNumberType',
  405: 'InsufficientBalance',
  406: 'UserInBlacklist',
  407: 'CouldNotRoute',
  409: 'DoNotDisturbRejection',
  500: 'InternalServerError',
  501: 'GatewayError',
  502: 'RejectedByGateway',
};

/** Sends SMS through Africa's Talking by their SDK. */
export class AfricasTalkingProvider implements Provider<SmsContent> {
  readonly name: string;
  private readonly sdk: ReturnType<typeof connect>;

  constructor(private readonly options: AfricasTalkingOptions) {
    const { name = 'africastalking', username, apiKey, baseUrl, timeoutMs } = options;
    this.name = name;
    this.sdk = connect({ username, apiKey }, { baseUrl: baseUrl?.replace(/\/+$/, ''), timeoutMs });
  }

  async send({ to, content }: Message<SmsContent>): Promise<SendOutcome> {
    const from = senderIdFor(to.address, this.options.senderIds ?? {}, this.options.from);
    try {
      return classify(await this.sdk.send({ to: to.address, message: content.text, ...(from && { from }) }));
    } catch (error) {
      if (isAxiosFailure(error)) return outcomeOf(vendor, error);
      // The SDK rejects with the body of a 2xx answer that is not 201.
      if (isAnswer(error)) return classify(error);
      // It checks numbers before it asks the vendor, and says so with a plain Error.
      return { kind: 'permanent', error: `${vendor}: the number is not valid` };
    }
  }

  async check(): Promise<CheckResult> {
    try {
      await this.sdk.account();
      return { ok: true, detail: `${vendor} takes the credentials` };
    } catch (error) {
      if (isAxiosFailure(error)) return { ok: false, detail: outcomeOf(vendor, error).error };
      throw error;
    }
  }
}

/** What tenants configure. @param baseUrl instead of the vendor's, for development */
export const africasTalkingKind = (baseUrl: string | undefined) =>
  providerKind<SmsContent, { username: string; from?: string }, { api_key: string; webhook_secret?: string }>({
    settings: z.strictObject({
      username: z.string({ error: 'is needed: the name of the app, or sandbox' }).min(1),
      from: z.string().min(1).optional(),
    }),
    secrets: z.strictObject({
      api_key: z.string({ error: 'is needed: the API key of the app' }).min(1),
      // Only the gateway asks for it: it stands in the URLs of the webhooks.
      webhook_secret: z
        .string()
        .regex(/^[\w-]{20,200}$/, 'must be 20 to 200 of a-z, A-Z, 0-9, "-" and "_"')
        .optional(),
    }),
    create: ({ name, settings, secrets, senderIds, timeoutMs }) =>
      new AfricasTalkingProvider({
        ...{ name, username: settings.username, apiKey: secrets.api_key, from: settings.from },
        ...{ senderIds, baseUrl, timeoutMs },
      }),
  });

function isAnswer(value: unknown): value is SendAnswer {
  return typeof value === 'object' && value !== null && 'SMSMessageData' in value;
}

/** The answer to one recipient, or to the request as a whole when no recipient is listed. */
function classify({ SMSMessageData }: SendAnswer): SendOutcome {
  const [recipient] = SMSMessageData?.Recipients ?? [];
  // 100 processed, 101 sent, 102 queued: taken, what comes next is told by receipts.
  if (recipient && recipient.statusCode >= 100 && recipient.statusCode < 200) {
    return { kind: 'accepted', providerMessageId: recipient.messageId };
  }
  const status = recipient ? (statusOfCode[recipient.statusCode] ?? recipient.status) : SMSMessageData?.Message?.trim();
  const refusal = refusals[status ?? ''];
  // Only words of the vendor's own list are repeated: a free text may contain the number.
  if (refusal) {
    const { words, ...rest } = refusal;
    return { ...rest, error: `${vendor}: ${status}, ${words}`, code: status };
  }
  const code = recipient ? `status ${recipient.statusCode}` : 'no recipient';
  return {
    kind: 'retryable',
    technical: true,
    error: `${vendor}: not accepted (${code})`,
    code: recipient && String(recipient.statusCode),
  };
}
