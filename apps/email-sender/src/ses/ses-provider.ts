import { GetAccountCommand, SendEmailCommand, SESv2Client } from '@aws-sdk/client-sesv2';
import { providerKind, type CheckResult, type Message, type Provider, type SendOutcome } from '@carillon/delivery';
import nodemailer from 'nodemailer';
import { z } from 'zod';
import type { EmailContent } from '../email-content.ts';
import { mailOf } from '../mail-options.ts';
import { fromSchema, type MailFrom } from '../smtp/mail-from.ts';
import { classify, type SesError } from './ses-errors.ts';

export interface SesOptions {
  /** As configured; `ses` unless given. */
  readonly name?: string;
  readonly region: string;
  /** Without them the SDK looks for its own: environment, role of the machine. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly from: MailFrom;
  /** Names where SES reports to. */
  readonly configurationSet?: string;
  /** Instead of the region's. */
  readonly endpoint?: string;
  readonly timeoutMs: number;
}

/**
 * Sends email through Amazon SES by nodemailer's transport and the SDK. SES gives each message an id of its own in place of ours,
 * so whoever receives a repeated send does not know it as the same.
 */
export class SesProvider implements Provider<EmailContent> {
  readonly name: string;
  private readonly client: SESv2Client;

  constructor(private readonly options: SesOptions) {
    const { name = 'ses', region, credentials, endpoint, timeoutMs } = options;
    this.name = name;
    this.client = new SESv2Client({
      region,
      ...(credentials && { credentials }),
      ...(endpoint !== undefined && { endpoint }),
      // A repeated request may be a second email; when to try again is decided elsewhere.
      maxAttempts: 1,
      requestHandler: { connectionTimeout: 10_000, requestTimeout: timeoutMs },
    });
  }

  async send(message: Message<EmailContent>, signal: AbortSignal): Promise<SendOutcome> {
    const { from, configurationSet } = this.options;
    // One for each message, because the transport hands no signal on.
    const transport = nodemailer.createTransport({
      SES: {
        sesClient: {
          config: { region: this.client.config.region },
          send: (command: unknown) => this.client.send(command as SendEmailCommand, { abortSignal: signal }),
        },
        SendEmailCommand,
      },
      disableFileAccess: true,
      disableUrlAccess: true,
    });
    try {
      const { messageId } = await transport.sendMail({
        ...mailOf(message, from),
        ses: {
          // Come back with every event that SES publishes.
          EmailTags: [
            { Name: 'tenant', Value: message.tenant },
            { Name: 'delivery_id', Value: message.deliveryId },
          ],
          ...(configurationSet !== undefined && { ConfigurationSetName: configurationSet }),
        },
      });
      return { kind: 'accepted', providerMessageId: messageId };
    } catch (error) {
      return classify(error as SesError);
    }
  }

  async check(signal: AbortSignal): Promise<CheckResult> {
    try {
      const { SendingEnabled } = await this.client.send(new GetAccountCommand({}), { abortSignal: signal });
      return SendingEnabled
        ? { ok: true, detail: 'Amazon SES takes the credentials, and the account may send' }
        : { ok: false, detail: 'Amazon SES: sending is paused for the account' };
    } catch (error) {
      return { ok: false, detail: classify(error as SesError).error };
    }
  }

  close(): void {
    this.client.destroy();
  }
}

export const sesRegion = z
  .string({ error: 'is needed: the region, such as eu-west-1' })
  .regex(/^[a-z]{2}(-[a-z]+)+-\d$/, 'must be a region such as eu-west-1');

/** What tenants configure. @param endpoint instead of the region's, for development */
export const sesKind = (endpoint: string | undefined) =>
  providerKind<
    EmailContent,
    { region: string; access_key_id: string; from: MailFrom; configuration_set?: string },
    { secret_access_key: string }
  >({
    settings: z.strictObject({
      region: sesRegion,
      access_key_id: z
        .string({ error: 'is needed: the id of the access key' })
        .regex(/^\w{16,128}$/, 'must be the id of an access key'),
      from: fromSchema,
      configuration_set: z
        .string()
        .regex(/^[\w-]{1,64}$/, 'must be the name of a configuration set')
        .optional(),
    }),
    // Never without: the SDK would take the installation's own.
    secrets: z.strictObject({ secret_access_key: z.string({ error: 'is needed: the secret access key' }).min(1) }),
    create: ({ name, settings, secrets, timeoutMs }) =>
      new SesProvider({
        ...{ name, region: settings.region, from: settings.from, configurationSet: settings.configuration_set },
        credentials: { accessKeyId: settings.access_key_id, secretAccessKey: secrets.secret_access_key },
        ...{ endpoint, timeoutMs },
      }),
  });
