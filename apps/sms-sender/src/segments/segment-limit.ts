import { mostSegments, smsSizeOf } from '@carillon/contracts';
import type { Message, Provider, SendOutcome } from '@carillon/delivery';
import type { SmsContent } from '../sms-content.ts';

/** Refuses texts that are too long before any provider is asked. */
export class SegmentLimit implements Provider<SmsContent> {
  readonly name: string;
  readonly lookUp: Provider<SmsContent>['lookUp'];
  readonly check: Provider<SmsContent>['check'];

  constructor(private readonly provider: Provider<SmsContent>) {
    this.name = provider.name;
    this.lookUp = provider.lookUp?.bind(provider);
    this.check = provider.check?.bind(provider);
  }

  async send(message: Message<SmsContent>, signal: AbortSignal): Promise<SendOutcome> {
    const { segments } = smsSizeOf(message.content.text);
    if (segments <= mostSegments) return this.provider.send(message, signal);
    return {
      kind: 'permanent',
      error: `the text takes ${segments} SMS, at most ${mostSegments} are sent: shorten the template`,
    };
  }

  close(): Promise<void> | void {
    return this.provider.close?.();
  }
}
