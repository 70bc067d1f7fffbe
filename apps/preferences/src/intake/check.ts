import { Problem, type EventRequest, type FieldError, type Preferences } from '@carillon/contracts';
import type { NotificationType } from '../catalog/notification-type.ts';
import { candidates } from '../decisions/decide.ts';
import { contactOn, type KnownRecipient } from '../recipients/recipient.ts';

/**
 * Every recipient must be known: a message for somebody unknown is a mistake at the sender's, and delivering to the others
 * would leave it half done.
 * @throws Problem 422 `unknown_recipient` naming each
 */
export function knownRecipients(
  ids: readonly string[],
  found: readonly (KnownRecipient | undefined)[],
): KnownRecipient[] {
  const errors = ids.flatMap<FieldError>((id, index) =>
    found[index]
      ? []
      : [
          {
            path: `recipients[${index}]`,
            message: `"${id}" is unknown; create it with PUT /v1/recipients/${encodeURIComponent(id)}`,
          },
        ],
  );
  if (errors.length > 0) throw Problem.unprocessable('unknown_recipient', 'Unknown recipient', errors);
  return found as KnownRecipient[];
}

/**
 * For callers that can still mend it: a recipient whom a requested channel cannot reach, or whom none of the type's
 * channels can reach. From AMQP nobody waits for an answer; there the decision records `no_contact` instead.
 * @throws Problem 422 `unreachable_recipient`
 */
export function refuseUnreachable(
  request: EventRequest,
  type: NotificationType,
  defaults: Preferences,
  recipients: readonly KnownRecipient[],
): void {
  const errors = recipients.flatMap<FieldError>((recipient, index) => {
    const path = `recipients[${index}]`;
    const wanted = [...candidates({ type, requestedChannels: request.channels, recipient, defaults })];
    // Somebody whose contacts are suppressed can be named; that they are not written to stands in the decision.
    const missing = wanted.filter((channel) => contactOn(channel, recipient) === 'none');
    if (missing.length === 0 || (!request.channels && missing.length < wanted.length)) return [];
    return [
      { path, message: `"${recipient.id}" has no ${missing.join(' or ')} contact; add one, or name other channels` },
    ];
  });
  if (errors.length > 0) throw Problem.unprocessable('unreachable_recipient', 'A recipient cannot be reached', errors);
}

/** @throws Problem 422 `expires_before_send` */
export function refuseContradictoryTimes({ send_at, expires_at }: EventRequest): void {
  if (send_at !== undefined && expires_at !== undefined && Date.parse(expires_at) <= Date.parse(send_at)) {
    throw Problem.unprocessable('expires_before_send', 'The event would expire before it is sent', [
      { path: 'expires_at', message: 'must be later than send_at' },
    ]);
  }
}
