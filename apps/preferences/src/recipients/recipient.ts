import type { Channel, Preferences } from '@carillon/contracts';

export interface Contact {
  channel: Channel;
  address: string;
  label: string | null;
  verified: boolean;
  primary: boolean;
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

/** Where a recipient is reached on a channel; undefined when nowhere. The inbox needs no contact. */
export function addressOn(channel: Channel, recipient: KnownRecipient): string | undefined {
  if (channel === 'in_app') return recipient.id;
  const contacts = recipient.contacts.filter((contact) => contact.channel === channel);
  return (contacts.find(({ primary }) => primary) ?? contacts[0])?.address;
}
