import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  addSuppression,
  freshId,
  getRecipient,
  listSuppressions,
  putRecipient,
  removeSuppression,
  suppressionAsked,
  suppressionChanges,
  type CloudEvent,
  type ContactChannel,
  type SuppressionAsked,
  type SuppressionChanged,
  type SuppressionReason,
} from '@carillon/contracts';
import { startTestService, until, type TestService } from '@carillon/testing';
import { service } from '../service.ts';
import { Suppressions } from './suppressions.ts';

const tenant = 'default';
const at = (seconds: number) => new Date(Date.parse('2026-11-21T10:00:00Z') + seconds * 1000).toISOString();

describe('what is asked about an address', () => {
  let test: TestService;
  let told: CloudEvent<SuppressionChanged>[];
  beforeAll(async () => {
    test = await startTestService(service);
    told = await test.broker.capture(suppressionChanges.sms);
  });
  afterAll(() => test.close());

  const asking = (address: string, changes: Partial<SuppressionAsked> = {}): SuppressionAsked => ({
    channel: 'sms',
    address,
    suppress: true,
    reason: 'unsubscribed',
    note: 'STOP',
    by: 'twilio',
    at: at(0),
    ...changes,
  });
  const ask = (request: SuppressionAsked, id = freshId(), of = tenant) =>
    test.messages.publish(suppressionAsked, request, { id, tenant: of });
  const heed = (request: SuppressionAsked, id = freshId()) =>
    test.running.app.get(Suppressions).heed({ ...request, tenant, id });
  const add = (channel: ContactChannel, address: string, reason: SuppressionReason) =>
    test.messages.call(addSuppression, { tenant, suppression: { channel, address, reason }, created_by: 'desk' });
  const reasonOf = async (address: string) =>
    (await test.messages.call(listSuppressions, { tenant, filter: { q: address }, limit: 10, after: null })).data.find(
      (suppression) => suppression.address === address,
    )?.reason;
  let numbers = 0;
  const someNumber = () => `+2547110${String((numbers += 1)).padStart(5, '0')}`;

  it('is done for everybody who has it, shown with its reason, and told to the sender of the channel', async () => {
    const address = someNumber();
    await test.messages.call(putRecipient, { tenant, id: 'amina', recipient: { phone: address } });
    await ask(asking(address, { reason: 'hard_bounce', note: 'Twilio: error 30003, switched off', by: 'twilio' }));
    await until('it is suppressed', async () => (await reasonOf(address)) === 'hard_bounce');
    const { data } = await test.messages.call(listSuppressions, {
      tenant,
      filter: { q: address },
      limit: 1,
      after: null,
    });
    expect(data).toEqual([
      {
        channel: 'sms',
        address,
        reason: 'hard_bounce',
        note: 'Twilio: error 30003, switched off',
        created_at: at(0),
        created_by: 'twilio',
      },
    ]);
    const { contacts } = await test.messages.call(getRecipient, { tenant, id: 'amina' });
    expect(contacts[0]!.suppressed).toBe('hard_bounce');
    const [event] = await until('the sender is told', () => {
      const events = told.filter(({ data: { address: of } }) => of === address);
      return events.length > 0 && events;
    });
    expect(event).toMatchObject({ tenant, data: { address, reason: 'hard_bounce' } });
  });

  it('counts for its own tenant', async () => {
    const address = someNumber();
    await ask(asking(address), freshId(), 'school');
    await until('the sender is told', () =>
      told.some((event) => event.tenant === 'school' && event.data.address === address),
    );
    expect(await reasonOf(address)).toBeUndefined();
  });

  it('is taken back by the person who asked for it', async () => {
    const address = someNumber();
    await heed(asking(address));
    expect(await reasonOf(address)).toBe('unsubscribed');
    await heed(asking(address, { suppress: false, at: at(1) }));
    expect(await reasonOf(address)).toBeUndefined();
    expect(told.filter(({ data }) => data.address === address).map(({ data }) => data.reason)).toEqual([
      'unsubscribed',
      null,
    ]);
  });

  it('is not taken back when a bounce, a complaint or an admin has asked for it', async () => {
    const address = someNumber();
    for (const reason of ['hard_bounce', 'complaint', 'manual'] as const) {
      await add('sms', address, reason);
      await heed(asking(address, { at: at(1) }));
      await heed(asking(address, { suppress: false, at: at(2) }));
      expect(await reasonOf(address)).toBe(reason);
    }
  });

  it('is done once: told again it does not bring back what an admin has lifted', async () => {
    const address = someNumber();
    const id = freshId();
    await heed(asking(address, { reason: 'complaint' }), id);
    await test.messages.call(removeSuppression, { tenant, channel: 'sms', address });
    await heed(asking(address, { reason: 'complaint' }), id);
    expect(await reasonOf(address)).toBeUndefined();
    await heed(asking(address, { reason: 'complaint' }));
    expect(await reasonOf(address)).toBe('complaint');
  });

  it('is the last word that a person has said, whichever is heard first', async () => {
    const [stopped, started] = [someNumber(), someNumber()];
    await Promise.all([
      heed(asking(stopped, { at: at(2) })),
      heed(asking(stopped, { suppress: false, at: at(1) })),
      heed(asking(started, { suppress: false, at: at(2) })),
      heed(asking(started, { at: at(1) })),
    ]);
    expect(await reasonOf(stopped)).toBe('unsubscribed');
    expect(await reasonOf(started)).toBeUndefined();
    // An older word that is heard later changes nothing.
    await heed(asking(stopped, { suppress: false, at: at(0) }));
    await heed(asking(started, { at: at(0) }));
    expect(await reasonOf(stopped)).toBe('unsubscribed');
    expect(await reasonOf(started)).toBeUndefined();
  });

  it('is about addresses only: short codes and names of senders are nobody’s', async () => {
    await heed(asking('22141'));
    await heed(asking('SCHOOL'));
    expect(await reasonOf('22141')).toBeUndefined();
  });

  it('by an admin is told to the sender too', async () => {
    const address = someNumber();
    await add('sms', address, 'manual');
    await test.messages.call(removeSuppression, { tenant, channel: 'sms', address });
    const events = await until('both are told', () => {
      const of = told.filter(({ data }) => data.address === address);
      return of.length === 2 && of;
    });
    expect(events.map(({ data }) => data.reason).sort()).toEqual([null, 'manual'].sort());
  });
});
