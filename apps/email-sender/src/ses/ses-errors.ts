/** What Amazon SES's answer, or its silence, means (https://docs.aws.amazon.com/ses/latest/APIReference-V2/API_SendEmail.html). */
import { noAnswer, refusedWith, type NotAccepted } from '@carillon/delivery';

/** The parts of the SDK's errors that tell what happened. */
export interface SesError {
  readonly name?: string;
  readonly code?: string;
  readonly message?: string;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly headers?: Readonly<Record<string, string>> };
}

const vendor = 'Amazon SES';

type Meaning = Pick<NotAccepted, 'kind'> & { readonly technical?: boolean; readonly words: string };

const meanings: Readonly<Record<string, Meaning>> = {
  TooManyRequestsException: { kind: 'throttled', words: 'too many messages' },
  ThrottlingException: { kind: 'throttled', words: 'too many messages' },
  LimitExceededException: { kind: 'retryable', technical: true, words: 'a limit of the account is reached' },
  SendingPausedException: { kind: 'retryable', technical: true, words: 'sending is paused for the account' },
  AccountSuspendedException: { kind: 'retryable', technical: true, words: 'the account may not send any more' },
  MailFromDomainNotVerifiedException: {
    kind: 'permanent',
    technical: true,
    words: 'the sender’s domain is not verified',
  },
  MessageRejected: { kind: 'permanent', technical: true, words: 'the message or its sender is refused' },
  NotFoundException: { kind: 'permanent', technical: true, words: 'the configuration set does not exist' },
  BadRequestException: { kind: 'permanent', words: 'the address or the message is not valid' },
  CredentialsProviderError: { kind: 'retryable', technical: true, words: 'there are no credentials' },
};

/** Before a request could leave. */
const notConnected = new Set(['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'EHOSTUNREACH', 'ENETUNREACH']);

/** Classifies what the SDK threw. */
export function classify({ name = '', code, message, $metadata, $response }: SesError): NotAccepted {
  const meaning = Object.hasOwn(meanings, name) ? meanings[name] : undefined;
  // The vendor's own words are never used: they repeat addresses.
  if (meaning) {
    const { words, ...rest } = meaning;
    return { ...rest, error: `${vendor}: ${name}, ${words}`, code: name } as NotAccepted;
  }
  const status = $metadata?.httpStatusCode;
  if (status !== undefined) return refusedWith(vendor, status, $response?.headers?.['retry-after']);
  // The SDK does not tell how far a request got; only what cannot have had a connection certainly did not arrive.
  // Where it wraps the system's error, nodemailer's own code stands in its place, and the system's in the words.
  const cause = code !== undefined && code !== 'ESES' ? code : (/\bE[A-Z_]{4,20}\b/.exec(message ?? '')?.[0] ?? name);
  return noAnswer(vendor, cause, !notConnected.has(cause));
}
