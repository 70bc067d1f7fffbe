import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { servers, unique, until } from '@carillon/testing';
import { Rig } from '../run/rig.ts';
import { makeScratch, type Scratch } from '../run/scratch.ts';
import { FloorSide } from './floor-side.ts';
import { floorNames } from './topology.ts';

describe('the floor keeps the guarantees that it is compared by', () => {
  let scratch: Scratch;
  let rig: Rig;
  let floor: FloorSide;

  beforeAll(async () => {
    scratch = await makeScratch(servers.databaseUrl, servers.amqpUrl, unique());
    rig = await Rig.start(scratch);
    floor = new FloorSide({ scratch, smtpUrl: rig.smtpUrl, withEmail: true, env: {} });
    await floor.start();
  });
  afterAll(async () => {
    await floor?.stop();
    await rig?.stop();
    await scratch?.remove();
  });

  const publish = (tenant: string, count: number) =>
    rig.publish({ exchange: floor.exchange, type: floor.types.email, tenant, count, recipients: 5 });

  it('delivers every event once, also when all of them are published again', async () => {
    await floor.addRecipients('school', 5);
    await publish('school', 120);
    await until('120 emails', async () => (await floor.emailsSent('school')) === 120);
    await publish('school', 120);
    // An event behind the repeated ones: when it has arrived, so have they.
    await floor.addRecipients('shop', 5);
    await publish('shop', 1);
    await until('the last email', async () => (await floor.emailsSent('shop')) === 1);

    expect(await floor.inApp('school')).toBe(120);
    expect(await rig.emails()).toEqual({ accepted: 121, distinct: 121 });
    const { rows } = await scratch.db.query('SELECT DISTINCT outcome, number FROM floor.attempts');
    expect(rows).toEqual([{ outcome: 'sent', number: 1 }]);
  });

  it('records why somebody gets nothing', async () => {
    await publish('nobody', 1);
    const decision = await until('the decision', async () => {
      const { rows } = await scratch.db.query(`SELECT decision FROM floor.notifications WHERE tenant = 'nobody'`);
      return rows[0]?.decision as Record<string, unknown> | undefined;
    });
    expect(decision.email).toEqual({ deliver: false, rule: 'unknown recipient' });
    expect(await floor.emailsSent('nobody')).toBe(0);
  });

  it('sets aside what it cannot read, and goes on', async () => {
    const { events, dead } = floorNames(`${scratch.prefix}.floor`);
    scratch.channel.publish(events, 'whatever', Buffer.from('{'));
    await until('the dead letter', async () => (await scratch.channel.checkQueue(dead)).messageCount === 1);
    expect(floor.children.map((child) => child.trouble())).toEqual([undefined, undefined, undefined, undefined]);
  });
});
