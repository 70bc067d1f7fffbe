import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Callbacks } from '../callbacks.ts';
import type { Message, NewMessage } from '../messages/message.ts';
import type { MessageStore } from '../messages/message-store.ts';
import type { Delays } from '../simulation/delays.ts';
import type { SimulatedNumber, SmsRefusal } from '../simulation/simulated-recipients.ts';
import type { Simulation } from '../simulation/simulation.ts';

type SmsProvider = 'africastalking' | 'twilio' | 'custom';

export interface SmsOptions {
  store: MessageStore;
  simulation: Simulation;
  delays: Delays;
  callbacks: Callbacks;
  /** How long a slow recipient takes to answer, in milliseconds */
  slowMs: number;
  /** How long after acceptance the receipt comes, in milliseconds */
  laterMs: number;
  /** Where Africa's Talking's delivery reports go; at the vendor this is set in the dashboard */
  africasTalkingCallbackUrl?: string;
  /** Where the custom provider's receipts go */
  customCallbackUrl?: string;
  /** When set, the custom provider asks for `Authorization: Bearer` with this token */
  customToken?: string;
}

/** A refusal by one provider, with what the answer needs. */
export interface Refused<P extends SmsProvider> {
  answer: NonNullable<SmsRefusal[P]>;
  retryAfter: number | undefined;
  simulated: SimulatedNumber;
}

/** What a provider reports about an accepted message. */
export type Receipt = { delivered: true } | { delivered: false; reason: NonNullable<SimulatedNumber['undelivered']> };

/** What the doubles of all SMS providers share; each adds its own wire format. */
export class SmsDesk<P extends SmsProvider> {
  readonly options: SmsOptions;
  readonly #provider: P;

  constructor(provider: P, options: SmsOptions) {
    this.#provider = provider;
    this.options = options;
  }

  /** Says whether this try fails. Counts it, so ask once per try. */
  refuses(number: string, text: string): Refused<P> | undefined {
    const simulated = this.options.simulation.number(number);
    const answer = simulated?.refusal?.[this.#provider];
    if (!simulated || !answer) return undefined;
    // Number and text, because several messages may be on their way to the number at once.
    if (!this.options.simulation.refuses(simulated, `${this.#provider} ${number} ${text}`)) return undefined;
    return { answer, retryAfter: simulated.refusal?.retryAfter, simulated };
  }

  /** Notes a try that was turned down. @param answer what the sender is told, in short */
  note(number: string, simulated: SimulatedNumber, answer: string): void {
    const { store } = this.options;
    store.refuse({ channel: 'sms', provider: this.#provider, to: number, answer, simulated: simulated.name });
  }

  /** Keeps a message, and later reports what became of it. */
  accept(
    message: Pick<NewMessage, 'to' | 'from' | 'text' | 'headers' | 'provider_message_id'>,
    report: (receipt: Receipt) => Promise<void>,
  ): Message {
    const simulated = this.options.simulation.number(message.to);
    const stored = this.options.store.add({
      ...message,
      channel: 'sms',
      provider: this.#provider,
      simulated: simulated?.name ?? null,
    });
    void this.#settle(stored, simulated?.undelivered, report);
    return stored;
  }

  /**
   * Call after the messages are kept, before answering.
   * @returns false when no answer may be given: the connection is cut already
   */
  async mayAnswer(numbers: string[], request: FastifyRequest, reply: FastifyReply): Promise<boolean> {
    const simulated = numbers.map((number) => this.options.simulation.number(number));
    if (simulated.some((number) => number?.slow)) await this.options.delays.wait(this.options.slowMs);
    if (!simulated.some((number) => number?.noAnswer)) return true;
    reply.hijack();
    request.raw.socket.destroy();
    return false;
  }

  async #settle(
    message: Message,
    undelivered: SimulatedNumber['undelivered'],
    report: (receipt: Receipt) => Promise<void>,
  ): Promise<void> {
    if (!(await this.options.delays.wait(this.options.laterMs))) return;
    this.options.store.setStatus(message.id, undelivered ? 'undelivered' : 'delivered');
    await report(undelivered ? { delivered: false, reason: undelivered } : { delivered: true });
  }
}
