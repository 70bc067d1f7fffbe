import type { Channel, Preferences } from '@carillon/contracts';

export interface Contact {
  channel: Channel;
  address: string;
  label: string | null;
  verified: boolean;
  primary: boolean;
  /** Why nothing may be sent there (`hard_bounce`, `complaint`, …); null when it may. Rows of an earlier version lack it. */
  suppressed: string | null;
}

/** A recipient as the decision sees it. */
export interface KnownRecipient {
  id: string;
  name: string | null;
  locale: string;
  time_zone: string;
  contacts: Contact[];
  preferences: Preferences;
}

/**
 * Where a recipient is reached on a channel: the primary contact, otherwise the first verified one, otherwise the first.
 * Suppressed contacts are passed over; `suppressed` when there are no others, `none` when there is no contact at all. The inbox
 * needs no contact.
 */
export function contactOn(
  channel: Channel,
  recipient: Pick<KnownRecipient, 'id' | 'contacts'>,
): { address: string } | 'none' | 'suppressed' {
  if (channel === 'in_app') return { address: recipient.id };
  const contacts = recipient.contacts.filter((contact) => contact.channel === channel);
  if (contacts.length === 0) return 'none';
  const usable = contacts.filter(({ suppressed }) => !suppressed);
  return usable.find(({ primary }) => primary) ?? usable.find(({ verified }) => verified) ?? usable[0] ?? 'suppressed';
}
