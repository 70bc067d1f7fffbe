import { Injectable } from '@nestjs/common';
import { freshId, Problem, type admitTest, type ContactChannel } from '@carillon/contracts';
import type { RequestOf, ResponseOf } from '@carillon/messaging';
import { canonicalAddress } from '../recipients/canonical-address.ts';
import { contactOn, type KnownRecipient } from '../recipients/recipient.ts';
import { RecipientStore } from '../recipients/recipient-store.ts';
import { Suppressions } from '../suppressions/suppressions.ts';
import type { Limit } from '../throttles/admit.ts';
import { Throttles } from '../throttles/throttles.ts';

type Request = RequestOf<typeof admitTest>;
type Admitted = ResponseOf<typeof admitTest>;

const minute = 60_000;
/** A recipient tries each channel out with a few messages to themselves. */
const recipientLimit: Limit = { max: 3, windowMs: 10 * minute };
/** The admins of a tenant work on templates together, and may write to any address. */
const tenantLimit: Limit = { max: 30, windowMs: 10 * minute };

/** Lets test messages pass that reach somebody, so many and no more, with any number of replicas. */
@Injectable()
export class TestMessages {
  constructor(
    private readonly recipients: RecipientStore,
    private readonly suppressions: Suppressions,
    private readonly throttles: Throttles,
  ) {}

  /** @throws Problem 404, 422 or 429, as {@link admitTest} tells them; only what passes is counted */
  async admit(request: Request): Promise<Admitted> {
    const admitted = await this.reached(request);
    await this.count(request);
    return admitted;
  }

  private async reached({ tenant, channel, to, limit }: Request): Promise<Admitted> {
    const recipient = await this.recipients.find({ tenant, id: to });
    if (recipient) return { recipient: shown(recipient), address: usableAddress(recipient, channel) };
    if (channel === 'in_app' || limit === 'recipient') throw Problem.notFound('recipient', to);
    return this.owned(tenant, channel, to);
  }

  /** An address belongs to whoever has it as a contact, and is forgotten with them. */
  private async owned(tenant: string, channel: ContactChannel, to: string): Promise<Admitted> {
    const canonical = canonicalAddress(channel, to);
    if ('message' in canonical) {
      throw refused(
        'invalid_address',
        'No such recipient or address',
        'to',
        `${canonical.message}, or a recipient’s id`,
      );
    }
    const { address } = canonical;
    const [owner, reason] = await Promise.all([
      this.recipients.findByContact(tenant, channel, address),
      this.suppressions.reasonFor(tenant, channel, address),
    ]);
    if (reason) throw suppressed('to', [reason]);
    return {
      recipient: owner ? shown(owner) : { id: address, name: null, locale: 'en', time_zone: 'UTC' },
      address,
    };
  }

  private async count({ tenant, channel, to, limit }: Request): Promise<void> {
    // No type of a catalog can be called so.
    const type = limit === 'recipient' ? `test by ${channel}` : 'tests';
    const request = {
      tenant,
      recipient: limit === 'recipient' ? to : '',
      type,
      notificationId: freshId(),
      at: Date.now(),
      ...(limit === 'recipient' ? recipientLimit : tenantLimit),
    };
    if (await this.throttles.admit(request)) return;
    const seconds = Math.max(1, Math.ceil((await this.throttles.opensIn(request)) / 1000));
    throw new Problem({
      status: 429,
      code: 'too_many_tests',
      title: 'Too many test messages',
      detail: `At most ${request.max} in ${request.windowMs / minute} minutes; try again in ${seconds} s.`,
      retry_after: seconds,
    });
  }
}

function shown({ id, name, locale, time_zone }: KnownRecipient): Admitted['recipient'] {
  return { id, name, locale, time_zone };
}

function usableAddress(recipient: KnownRecipient, channel: Request['channel']): string {
  const contact = contactOn(channel, recipient);
  if (typeof contact === 'object') return contact.address;
  if (contact === 'none') {
    throw refused('no_contact', 'There is no contact on this channel', 'channel', `add a contact for ${channel} first`);
  }
  const reasons = recipient.contacts.flatMap((one) => (one.channel === channel && one.suppressed) || []);
  throw suppressed('channel', reasons);
}

/** @param reasons why nothing is sent there; the addresses stay out of it */
function suppressed(path: string, reasons: readonly string[]): Problem {
  const why = [...new Set(reasons)].join(', ');
  return refused(
    'suppressed_contact',
    'Nothing is sent to this contact',
    path,
    `is suppressed (${why}); an admin can lift it with DELETE /v1/admin/suppressions`,
  );
}

function refused(code: string, title: string, path: string, message: string): Problem {
  return Problem.unprocessable(code, title, [{ path, message }]);
}
