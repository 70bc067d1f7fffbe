import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { Message, Provider, SendOutcome } from '@carillon/delivery';
import type { SmsContent } from '../sms-content.ts';
import { SegmentLimit } from './segment-limit.ts';
import { segmentsOf } from './segments.ts';

describe('The number of SMS that a text takes', () => {
  it.each<[string, string, number]>([
    ['nothing', '', 1],
    ['160 plain characters', 'a'.repeat(160), 1],
    ['161 plain characters', 'a'.repeat(161), 2],
    ['306 plain characters', 'a'.repeat(306), 2],
    ['307 plain characters', 'a'.repeat(307), 3],
    ['80 euro signs, two septets each', '€'.repeat(80), 1],
    ['81 euro signs', '€'.repeat(81), 2],
    ['70 characters with one outside the alphabet', 'č' + 'a'.repeat(69), 1],
    ['71 characters with one outside the alphabet', 'č' + 'a'.repeat(70), 2],
    ['35 emoji, two units each', '🙂'.repeat(35), 1],
    ['67 emoji: no emoji is split, so 33 fit into each part', '🙂'.repeat(67), 3],
  ])('%s', (_what, text, segments) => expect(segmentsOf(text)).toBe(segments));

  it('never falls when the text grows within its alphabet', () => {
    fc.assert(
      fc.property(fc.nat(2000), fc.nat(50), (length, more) => {
        expect(segmentsOf('a'.repeat(length + more))).toBeGreaterThanOrEqual(segmentsOf('a'.repeat(length)));
      }),
    );
  });
});

describe('A text of more than ten SMS', () => {
  const provider: Provider<SmsContent> = {
    name: 'any',
    send: async (): Promise<SendOutcome> => ({ kind: 'accepted', providerMessageId: null }),
  };
  const send = (text: string): Promise<SendOutcome> => {
    const message: Message<SmsContent> = {
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
