import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { servers, unique, until } from '@carillon/testing';
import { Rig } from '../run/rig.ts';
import { makeScratch, type Scratch } from '../run/scratch.ts';
import { measureThroughput } from '../run/throughput.ts';
import type { Side } from '../run/side.ts';
import { FloorSide } from './floor-side.ts';
import { LoopSide } from './loop-side.ts';

describe('an event to everyone of a tenant', () => {
  let scratch: Scratch;
  let rig: Rig;
  let floor: FloorSide;
  let loop: LoopSide;

  beforeAll(async () => {
    scratch = await makeScratch(servers.databaseUrl, servers.amqpUrl, unique());
    rig = await Rig.start(scratch);
    const setup = { scratch, smtpUrl: rig.smtpUrl, withEmail: false, env: {} };
    floor = new FloorSide(setup);
    loop = new LoopSide(setup, floor);
    await floor.start();
    await loop.start();
  });
  afterAll(async () => {
    await loop?.stop();
    await floor?.stop();
    await rig?.stop();
    await scratch?.remove();
  });

  const publish = (tenant: string, recipients: number) =>
    rig.publish({ exchange: floor.exchange, type: floor.types.fan_out, tenant, count: 1, recipients });
  const finished = async (tenant: string) => {
    const { rows } = await scratch.db.query('SELECT finished FROM floor.fan_outs WHERE tenant = $1', [tenant]);
    return rows.length === 1 && (rows[0].finished as boolean);
  };

  it.each([1, 500, 1201])('reaches each of %i recipients once on the floor and in the loop', async (recipients) => {
    for (const side of [floor, loop] as Side[]) {
      const tenant = `${side.name}-${recipients}`;
      await side.addRecipients(tenant, recipients);
      await side.addRecipients(`${tenant}-neighbour`, 3);
      const measured = await measureThroughput(side, rig, 2, {
        kind: 'fan_out',
        tenant,
        events: recipients,
        recipients,
        stalledAfterMs: 20_000,
        onProgress: () => undefined,
      });
      expect(measured.perSecond).toBeGreaterThan(0);
      expect(await side.reached(tenant)).toBe(recipients);
      expect(await side.inApp(tenant)).toBe(recipients);
      expect(await side.inApp(`${tenant}-neighbour`)).toBe(0);
    }
  });

  it('reaches everyone once when it is published again', async () => {
    await floor.addRecipients('twice', 700);
    await publish('twice', 700);
    await until('everyone', async () => (await floor.reached('twice')) === 700);
    await publish('twice', 700);
    // An event behind the repeated one: when it has arrived, so has that.
    await floor.addRecipients('after', 1);
    await publish('after', 1);
    await until('the last one', async () => (await floor.reached('after')) === 1);

    expect(await floor.inApp('twice')).toBe(700);
  });

  it('goes on where a killed process left it, and reaches everyone once', async () => {
    await floor.addRecipients('killed', 20_000);
    await publish('killed', 20_000);
    await until('somebody', async () => (await floor.reached('killed')) > 0);
    const preferences = floor.children.find(({ name }) => name === 'floor preferences')!;
    process.kill(preferences.pid, 'SIGKILL');
    await until('its end', async () => preferences.trouble() !== undefined);
    expect(await finished('killed')).toBe(false);

    await floor.launch('preferences');
    await until('everyone', async () => (await floor.reached('killed')) === 20_000);
    await until('its end', () => finished('killed'));
    expect(await floor.inApp('killed')).toBe(20_000);
  });
});
