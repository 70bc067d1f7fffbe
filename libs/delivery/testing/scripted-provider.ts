import type { Finding, Message, Provider, SendOutcome } from '../src/provider/provider.ts';

export interface SmsText {
  readonly text: string;
}

/** What becomes of a call: an outcome, or something that happens first. */
export type Script = SendOutcome | ((message: Message<SmsText>, signal: AbortSignal) => Promise<SendOutcome>);

/** A provider that does what the test says, address by address, and remembers what it was asked. */
export class ScriptedProvider implements Provider<SmsText> {
  readonly asked: Message<SmsText>[] = [];
  /** Calls under way at the same time, at most so far. */
  busiest = 0;
  /** What it knows of a message; undefined: it cannot be asked. */
  lookUp?: (message: Message<SmsText>) => Promise<Finding>;
  closed = false;
  private busy = 0;
  private readonly scripts = new Map<string, Script[]>();

  constructor(readonly name: string) {}

  /** The first call for the address meets the first script, and so on; the last one stays. Without any it is accepted. */
  script(address: string, ...scripts: Script[]): void {
    this.scripts.set(address, scripts);
  }

  async send(message: Message<SmsText>, signal: AbortSignal): Promise<SendOutcome> {
    this.asked.push(message);
    this.busy += 1;
    this.busiest = Math.max(this.busiest, this.busy);
    try {
      const scripts = this.scripts.get(message.to.address) ?? [];
      const script = scripts.length > 1 ? scripts.shift()! : scripts[0];
      if (typeof script === 'function') return await script(message, signal);
      return script ?? { kind: 'accepted', providerMessageId: `message-${this.asked.length}` };
    } finally {
      this.busy -= 1;
    }
  }

  close(): void {
    this.closed = true;
  }

  askedFor(address: string): Message<SmsText>[] {
    return this.asked.filter(({ to }) => to.address === address);
  }
}
