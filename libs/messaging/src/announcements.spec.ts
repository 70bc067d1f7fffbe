import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Controller, type Type } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { catalogChanged, deadLetter, type CatalogChanged, type CloudEvent } from '@carillon/contracts';
import { cuttableProxy, testBroker, until, type TestBroker } from '@carillon/testing';
import type { Channel } from 'amqplib';
import { ignoring } from '../testing/ignoring.ts';
import { runTransport, type RunningTransport } from '../testing/running-service.ts';
import { Unroutable } from './errors.ts';
import type { Dependency } from './gate.ts';
import { Messages } from './messages.ts';

type Hear = (event: CloudEvent<CatalogChanged>) => unknown;

const rest = ignoring('preferences', catalogChanged.type);

/** What a replica of preferences does that only listens. */
function listener(hear: Hear): Type {
  @Controller()
  class Preferences {
    @EventPattern<string>(catalogChanged.type)
    hears(@Payload() event: CloudEvent<CatalogChanged>): unknown {
      return hear(event);
    }
  }
  return Preferences;
}

describe('an announcement', () => {
  let broker: TestBroker;
  let announcer: Messages;
  const cleanups: (() => Promise<unknown>)[] = [];

  beforeEach(async () => {
    broker = await testBroker();
    announcer = new Messages({ url: broker.url, prefix: broker.prefix, service: 'test' });
    await announcer.open();
  });

  afterEach(async () => {
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
    await announcer.close();
    await broker.close();
  });

  async function start(
    hear: Hear,
    more: { url?: string; connected?: () => unknown; dependencies?: Dependency[] } = {},
  ): Promise<RunningTransport> {
    const options = { url: broker.url, prefix: broker.prefix, service: 'preferences', ...more };
    const running = await runTransport(options, listener(hear), rest);
    cleanups.push(running.stop);
    return running;
  }

  const announce = (version: number) =>
    announcer.publish(catalogChanged, { version }, { id: `v${version}`, tenant: 'school' });

  /** The same message, but somebody has to take it. */
  const announceToSomebody = () =>
    announcer.publishEvent('pipeline', catalogChanged.key, {
      specversion: '1.0',
      id: '1',
      source: '/test',
      type: catalogChanged.type,
      data: catalogChanged.example,
    });

  it('is heard by every replica of a service that listens, once each, with its tenant', async () => {
    const heard: string[] = [];
    for (const name of ['a', 'b'])
      await start(({ tenant, data }) => heard.push(`${name} hears version ${data.version} of ${tenant}`));
    await announce(7);
    await announce(8);
    await until('both heard both', () => heard.length === 4);
    expect(heard.sort()).toEqual([
      'a hears version 7 of school',
      'a hears version 8 of school',
      'b hears version 7 of school',
      'b hears version 8 of school',
    ]);
  });

  it('may be heard by nobody, and leaves no queue behind for a listener that is gone', async () => {
    await announce(1);
    await expect(announceToSomebody()).rejects.toThrow(Unroutable);
    const running = await start(() => undefined);
    await announceToSomebody();
    await running.stop();
    await announce(2);
    await expect(announceToSomebody()).rejects.toThrow(Unroutable);
  });

  it('is dropped when its handler fails again and again: not parked, and the next one is heard', async () => {
    const parked = await broker.capture(deadLetter);
    const tries: number[] = [];
    const running = await start(({ data }) => {
      tries.push(data.version);
      if (data.version === 1) throw new Error('broken');
    });
    await announce(1);
    await until('it was tried three times', () => tries.length === 3);
    await announce(2);
    await until('the next is heard', () => tries.length === 4);
    await running.stop(); // which waits for what is at hand
    expect(tries).toEqual([1, 1, 1, 2]);
    expect(parked).toEqual([]);
  });

  it('is missed by a replica that is disconnected, which is told so: it is called on every connect', async () => {
    const proxy = await cuttableProxy(broker.url);
    cleanups.push(() => proxy.close());
    const told: string[] = [];
    const { server } = await start(({ data }) => told.push(`heard ${data.version}`), {
      url: proxy.url,
      connected: () => told.push('connected'),
    });
    expect(told).toEqual(['connected']);
    proxy.cut();
    await until('the cut is noticed', () => server.trouble());
    await announce(1);
    proxy.restore();
    await until('it is connected again', () => told.length === 2);
    await announce(2);
    await until('it hears again', () => told.length === 3);
    expect(told).toEqual(['connected', 'connected', 'heard 2']);
  });

  it('is heard by whoever was told of the connect: the queue is there before', async () => {
    const heard: number[] = [];
    await start(({ data }) => heard.push(data.version), { connected: announceToSomebody });
    await until('it is heard', () => heard.length === 1);
  });

  it('is heard again after the listener’s channel alone was lost, which counts as a connect', async () => {
    let connects = 0;
    const heard: number[] = [];
    const { server } = await start(({ data }) => heard.push(data.version), { connected: () => (connects += 1) });
    const [{ channel }] = (server as unknown as { listeners: [{ channel: Channel }] }).listeners;
    channel.ack({ fields: { deliveryTag: 999 } } as never);
    await until('it is told', () => connects === 2);
    await announce(1);
    await until('it hears again', () => heard.length === 1);
  });

  it('lets a hook wait that fails because a dependency is away, and calls it again when that is back', async () => {
    let away = true;
    let calls = 0;
    const database: Dependency = {
      name: 'database',
      isAway: (error) => error instanceof Error && error.message === 'away',
      ping: async () => {
        if (away) throw new Error('away');
      },
    };
    const { server } = await start(() => undefined, {
      dependencies: [database],
      connected: async () => {
        calls += 1;
        if (away) throw new Error('away');
      },
    });
    await until('it waits', () => server.trouble() === 'database is away, consumers are paused');
    away = false;
    await until('it is called again', () => calls === 2);
  });

  it('stops the start of a service that has no handler for what it listens to', async () => {
    const options = { url: broker.url, prefix: broker.prefix, service: 'preferences' };
    await expect(runTransport(options, ignoring('preferences', catalogChanged.type))).rejects.toThrow(
      `preferences has no handler for ${catalogChanged.type}`,
    );
  });
});
