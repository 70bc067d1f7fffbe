import { createHmac } from 'node:crypto';

const hidden = '•••';

/** Members that are secrets, whatever they hold; the names of their members may be told. */
const secretNames = /secret|password|passphrase|token|authorization|credential|private_key|api_key|cookie|invitation/i;
/** What looks like a credential, wherever it stands: API keys, webhook secrets, JWTs, and any long random word. */
const secretTexts =
  /\b(ck_|whsec_|eyJ)[\w.+/=-]{8,}|(?<![\w-])(?=[\w-]*\d)(?=[\w-]*[a-z])(?=[\w-]*[A-Z])[\w-]{24,}(?![\w-])/g;
const emails = /([^\s<>"'(),;:@/=?&])[^\s<>"'(),;:@/=?&]*@([\w-]+\.)+[\w-]+/g;
const phones = /\+\d{7,15}/g;
/** Members that hold an address or say who somebody is, also where it does not look like one. */
const addressNames = /^(email|phone|address|destination|to|msisdn)$/;
const personNames = /^(recipient|recipients|recipient_id)$/;

const longestText = 500;
const mostMembers = 100;
const deepest = 8;
/** Characters of JSON in which one state is told at most. */
export const longestState = 16_384;

/** Keeps out of the log what may not be there for as long as the log is kept: nobody can take it out again. */
export class Masking {
  /** @param secret the installation's, from which names of people are computed */
  constructor(
    private readonly secret: string,
    private readonly tenant: string,
  ) {}

  /** A name for a recipient that is always the same, and that nobody can turn back into the id. */
  person(recipient: string): string {
    const digest = createHmac('sha256', this.secret).update(`audited person ${this.tenant} ${recipient}`).digest();
    return `person-${digest.subarray(0, 12).toString('hex')}`;
  }

  /** A text without credentials, email addresses and phone numbers. */
  text(text: string): string {
    const safe = text
      .slice(0, longestText * 4)
      .replace(secretTexts, hidden)
      .replace(emails, (address: string, first: string) => first + hidden + address.slice(address.lastIndexOf('@')))
      .replace(phones, (phone) => `${phone.slice(0, 4)}${hidden}${phone.slice(-3)}`);
    return storable(
      safe.length > longestText || text.length > longestText * 4
        ? `${safe.slice(0, longestText)}… (${text.length} characters)`
        : safe,
    );
  }

  /**
   * A state as it may be kept, small enough.
   * @param values whether values may be told at all, or only the names of members
   */
  state(value: unknown, values = true): unknown {
    if (value === undefined || value === null) return null;
    const told = values ? this.told(value, '', 0) : namesOf(value, 0);
    const size = JSON.stringify(told).length;
    if (size <= longestState) return told;
    return {
      too_large: `${size} characters`,
      members: Object.keys(value)
        .slice(0, mostMembers)
        .map((name) => this.text(name)),
    };
  }

  private told(value: unknown, name: string, depth: number): unknown {
    if (value === null || value === undefined || typeof value === 'boolean') return value ?? null;
    if (secretNames.test(name)) return namesOf(value, depth);
    if (Array.isArray(value)) {
      const items = value.slice(0, mostMembers).map((item) => this.told(item, name, depth + 1));
      return value.length > mostMembers ? [...items, `… (${value.length} items)`] : items;
    }
    if (typeof value === 'object') {
      if (depth >= deepest) return hidden;
      return Object.fromEntries(
        Object.entries(value)
          .slice(0, mostMembers)
          .map(([member, own]) => [this.text(member), this.told(own, member, depth + 1)]),
      );
    }
    const text = String(value);
    if (personNames.test(name)) return this.person(text);
    if (addressNames.test(name) && this.text(text) === text) return hidden;
    return typeof value === 'string' ? this.text(value) : value;
  }
}

/** The same shape without a value. */
function namesOf(value: unknown, depth: number): unknown {
  if (typeof value !== 'object' || value === null || depth >= deepest) return hidden;
  if (Array.isArray(value)) return `${hidden} (${value.length} items)`;
  return Object.fromEntries(
    Object.entries(value)
      .slice(0, mostMembers)
      .map(([name, own]) => [storable(name), own === null ? null : namesOf(own, depth + 1)]),
  );
}

/** What PostgreSQL keeps: without NUL and half characters. What is asked for may have them; cutting a text makes halves. */
function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}
