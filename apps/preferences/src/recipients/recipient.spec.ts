import { describe, expect, it } from '@jest/globals';
import { contactOn, type Contact } from './recipient.ts';

const contact = (address: string, change: Partial<Contact> = {}): Contact => ({
  channel: 'email',
  address,
  label: null,
  verified: false,
  primary: false,
  suppressed: null,
  ...change,
});
const on = (...contacts: Contact[]) => contactOn('email', { id: 'amina', contacts });

describe('where a recipient is reached', () => {
  it('is the primary contact of the channel', () => {
    expect(on(contact('first', { verified: true }), contact('second', { primary: true }))).toEqual(
      contact('second', { primary: true }),
    );
  });

  it('is the first verified contact where none is primary, otherwise the first', () => {
    expect(
      on(contact('first'), contact('second', { verified: true }), contact('third', { verified: true })),
    ).toMatchObject({ address: 'second' });
    expect(on(contact('first'), contact('second'))).toMatchObject({ address: 'first' });
  });

  it('is never a suppressed contact, however primary', () => {
    const gone = contact('gone', { primary: true, verified: true, suppressed: 'hard_bounce' });
    expect(on(gone, contact('first'), contact('second', { verified: true }))).toMatchObject({ address: 'second' });
    expect(on(gone)).toBe('suppressed');
  });

  it('is nowhere without a contact on the channel', () => {
    expect(on()).toBe('none');
    expect(on(contact('+254711000111', { channel: 'sms' }))).toBe('none');
  });

  it('is the inbox without any contact', () => {
    expect(contactOn('in_app', { id: 'amina', contacts: [] })).toEqual({ address: 'amina' });
  });

  it('takes a contact of an earlier version, which says nothing of suppression, as one that may be sent to', () => {
    const { suppressed: _, ...old } = contact('old');
    expect(on(old as Contact)).toMatchObject({ address: 'old' });
  });
});
