import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { eventRequested } from '../../events/event-requested/index.ts';
import { notificationDeferred } from '../../events/notification-deferred/index.ts';
import { chunkRouted } from '../chunk-routed/index.ts';
import { inAppChunkRendered } from '../in-app-chunk-rendered/index.ts';
import { notificationRouted } from '../notification-routed/index.ts';
import { renderedExample } from '../rendered.ts';
import { namedRecipients, onlyRecipient, withoutErased, withoutRecipient } from './named-recipients.ts';

const request = (...recipients: string[]) => ({ data: { ...eventRequested.example, recipients } });
const deferred = (recipient: string, ...recipients: string[]) => ({
  data: { ...notificationDeferred.example, recipient, request: { ...eventRequested.example, recipients } },
});

const chunkOf = (...recipients: string[]) => ({
  ...chunkRouted.example,
  to: recipients.map((id) => ({
    ...chunkRouted.example.to[0]!,
    recipient: { ...chunkRouted.example.to[0]!.recipient, id },
  })),
});
const renderedChunkOf = (...recipients: string[]) => ({
  ...inAppChunkRendered.example,
  to: recipients.map((recipient) => ({ ...inAppChunkRendered.example.to[0]!, recipient })),
});

describe('the recipients that a message names', () => {
  it.each<[string, object, string[]]>([
    ['a request names several', request('amina', 'bo', 'amina'), ['amina', 'bo']],
    ['a domain event names one', { subject: 'invoice-1', data: { recipient_id: 'amina' } }, ['amina']],
    ['a subject counts where nothing else names anybody', { subject: 'amina', data: { amount: 1 } }, ['amina']],
    ['a routed notification names a person', { data: notificationRouted.example }, ['parent-17']],
    ['a rendered one names an id', { subject: 'parent-17', data: renderedExample }, ['parent-17']],
    ['a deferred one names those of its request too', deferred('amina', 'amina', 'bo'), ['amina', 'bo']],
    ['a chunk names everyone whom it is for', { data: chunkOf('amina', 'bo') }, ['amina', 'bo']],
    ['a rendered chunk too', { data: renderedChunkOf('amina', 'bo') }, ['amina', 'bo']],
    ['an audience names nobody', { data: { type: 'welcome', audience: { all: true } } }, []],
    ['what is no object names nobody', { data: 'amina' }, []],
    ['odd members are passed over', { data: { recipients: [1, null, 'bo', 'a\u0000', ''], recipient: 7 } }, ['bo']],
  ])('%s', (_, message, expected) => {
    expect(namedRecipients(message)).toEqual(expected);
  });
});

describe('a message without a recipient', () => {
  it('is gone when it was about them alone', () => {
    for (const message of [
      request('amina'),
      deferred('amina', 'amina', 'bo'),
      { data: { recipient_id: 'amina' } },
      { subject: 'amina', data: {} },
      { data: { recipient: { id: 'amina', name: 'Amina' } } },
    ])
      expect(withoutRecipient(message, 'amina')).toBeUndefined();
  });

  it('is still there for the others, and says nothing of them any more', () => {
    expect(withoutRecipient(request('bo', 'amina', 'chi'), 'amina')).toEqual(request('bo', 'chi'));
    expect(withoutRecipient(deferred('bo', 'amina', 'bo'), 'amina')).toEqual(deferred('bo', 'bo'));
    expect(withoutRecipient({ data: chunkOf('amina', 'bo') }, 'amina')).toEqual({ data: chunkOf('bo') });
    expect(withoutRecipient({ data: renderedChunkOf('bo', 'amina') }, 'amina')).toEqual({
      data: renderedChunkOf('bo'),
    });
    expect(withoutRecipient({ data: chunkOf('amina') }, 'amina')).toBeUndefined();
  });

  it('is the same when it does not name them', () => {
    const message = { subject: 'amina', data: { recipient_id: 'bo' } };
    expect(withoutRecipient(message, 'amina')).toBe(message);
  });

  it('names whom it named before, but for them, whatever the message', () => {
    const id = fc.constantFrom('a', 'b', 'c', 'd');
    const message = fc.record(
      {
        subject: id,
        data: fc.record(
          {
            recipient: id,
            recipient_id: id,
            recipients: fc.array(id),
            request: fc.record({ recipients: fc.array(id) }),
          },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: ['data'] },
    );
    fc.assert(
      fc.property(message, id, (before, erased) => {
        const after = withoutRecipient(before, erased);
        if (after !== undefined)
          expect(namedRecipients(after).sort()).toEqual(
            namedRecipients(before)
              .filter((named) => named !== erased)
              .sort(),
          );
      }),
    );
  });
});

describe('a message after erasures', () => {
  const at = (ms: number) => new Date(ms).toISOString();

  it('loses everybody who was erased at its time or later, and nobody who was created anew before it', () => {
    const erasures = [
      { recipient: 'amina', erased_at: at(999) },
      { recipient: 'bo', erased_at: at(1000) },
      { recipient: 'chi', erased_at: at(2000) },
    ];
    expect(withoutErased(request('amina', 'bo', 'chi'), 1000, erasures)).toEqual(request('amina'));
    expect(withoutErased(request('bo', 'chi'), 1000, erasures)).toBeUndefined();
  });
});

describe('a message as it is shown to one recipient', () => {
  it('tells nothing of the others', () => {
    expect(onlyRecipient(request('bo', 'amina'), 'amina')).toEqual(request('amina'));
    expect(onlyRecipient(deferred('amina', 'bo', 'amina'), 'amina')).toEqual(deferred('amina', 'amina'));
  });
});
