import { describe, expect, it } from '@jest/globals';
import type { Message, Provider, SendOutcome } from '@carillon/delivery';
import type { SmsContent } from '../sms-content.ts';
import { SegmentLimit } from './segment-limit.ts';

describe('A text of more than ten SMS', () => {
  const provider: Provider<SmsContent> = {
    name: 'any',
    send: async (): Promise<SendOutcome> => ({ kind: 'accepted', providerMessageId: null }),
  };
  const send = (text: string): Promise<SendOutcome> => {
    const message: Message<SmsContent> = {
      tenant: 'school',
      deliveryId: 'd',
      to: { address: '+254711000111', name: null },
      content: { text },
    };
    return new SegmentLimit(provider).send(message, AbortSignal.timeout(1000));
  };
  it('is refused for good, saying how long it is', async () => {
    expect(await send('a'.repeat(1530))).toMatchObject({ kind: 'accepted' });
    expect(await send('a'.repeat(1531))).toEqual({
      kind: 'permanent',
      error: 'the text takes 11 SMS, at most 10 are sent: shorten the template',
    });
  });
});
