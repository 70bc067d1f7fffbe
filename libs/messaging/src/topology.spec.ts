import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { consumers, deadLetter, domainEvent, lanes, rpcServices, type EventContract } from '@carillon/contracts';
import { testBroker, until, type TestBroker } from '@carillon/testing';
import { connect, type ChannelModel } from 'amqplib';
import { defaults } from './defaults.ts';
import { Messages } from './messages.ts';
import { Names } from './names.ts';
import { declare, streetTopology } from './topology.ts';

const names = new Names('carillon.house-7');
const topology = streetTopology(names);
const eventQueues = Object.entries(consumers).flatMap(([service, contracts]) =>
  contracts.flatMap((contract) => names.queues(service, contract).map(({ queue }) => ({ queue, contract }))),
);

describe('the street as data', () => {
  it('has a queue for everything a service consumes and answers, and none that nobody reads', () => {
    const wanted = [...eventQueues.map(({ queue }) => queue), ...rpcServices.map((service) => names.rpcQueue(service))];
    expect(topology.queues.map(({ name }) => name).sort()).toEqual(wanted.sort());
    expect(new Set(wanted).size).toBe(wanted.length);
  });

  it('begins every name with the installation’s prefix', () => {
    for (const { name } of [...topology.exchanges, ...topology.queues])
      expect(name.startsWith('carillon.house-7.')).toBe(true);
    for (const { bindings } of topology.queues)
      for (const { exchange } of bindings) expect(topology.exchanges.map(({ name }) => name)).toContain(exchange);
  });

  it('makes every queue that carries events a quorum queue with a delivery limit and a way to the dead letters', () => {
    for (const { queue, contract } of eventQueues) {
      const { arguments: args } = topology.queues.find(({ name }) => name === queue)!;
      if (contract === deadLetter) continue;
      expect({ queue, ...args }).toEqual({
        queue,
        'x-queue-type': 'quorum',
        'x-delivery-limit': defaults.deliveryLimit,
        'x-dead-letter-exchange': 'carillon.house-7.dead',
        'x-dead-letter-strategy': 'at-least-once',
        'x-overflow': 'reject-publish',
      });
    }
  });

  it('lets dead letters lie in a quorum queue from which nothing is dead-lettered again', () => {
    const { arguments: args } = topology.queues.find(({ name }) => name === 'carillon.house-7.gateway.dead')!;
    expect(args).toEqual({ 'x-queue-type': 'quorum', 'x-delivery-limit': 1_000_000_000 });
  });
});

describe('the street on a broker', () => {
  let broker: TestBroker;
  let connection: ChannelModel;
  let messages: Messages;

  beforeAll(async () => {
    broker = await testBroker();
    connection = await connect(broker.url);
    messages = new Messages({ url: broker.url, prefix: broker.prefix, service: 'test' });
    await messages.open();
  });

  afterAll(async () => {
    await messages.close();
    await connection.close();
    await broker.close();
  });

  it('can be declared again and again', async () => {
    await Promise.all(Array.from({ length: 3 }, () => declare(connection, streetTopology(broker.names))));
  });

  it('brings a message of every contract and lane into the queues of its consumers, once each', async () => {
    for (const contract of new Set<EventContract<any>>(Object.values(consumers).flat())) {
      if (contract === domainEvent || contract === deadLetter) {
        const event = {
          specversion: '1.0',
          id: '1',
          source: '/t',
          type: contract.type,
          data: contract.example,
        } as const;
        await messages.publishEvent(contract.exchange, 'anything.at.all', event);
      } else if (contract.lanes) {
        for (const lane of lanes) await messages.publish(contract, { ...contract.example, lane }, { id: '1' });
      } else {
        await messages.publish(contract, contract.example, { id: '1' });
      }
    }
    const queues = streetTopology(broker.names).queues.filter(
      // One that is filled on demand is bound to nothing yet.
      ({ arguments: args, bindings }) => args['x-queue-type'] === 'quorum' && bindings.length > 0,
    );
    const filled = Object.values(consumers)
      .flat()
      .filter(({ onDemand }) => !onDemand);
    expect(queues.length).toBeGreaterThanOrEqual(new Set(filled).size);
    await until('each queue holds its message', async () => {
      const depths = await Promise.all(queues.map(async ({ name }) => ({ name, depth: await broker.depth(name) })));
      const others = depths.filter(({ depth }) => depth !== 1);
      if (others.length > 0) throw new Error(JSON.stringify(others));
      return true;
    });
  });

  it('stops the start with the name of what exists in another form', async () => {
    const queue = streetTopology(broker.names).queues.find(({ lenient }) => !lenient);
    const other = { exchanges: [], queues: [{ ...queue!, arguments: { 'x-queue-type': 'classic' } }] };
    await expect(declare(connection, other)).rejects.toThrow(`'${queue!.name}'`);
  });

  it('leaves the dead letters in the queue that an earlier version made', async () => {
    const topology = streetTopology(broker.names);
    const { name } = topology.queues.find(({ lenient }) => lenient)!;
    await broker.channel.deleteQueue(name);
    await broker.channel.assertQueue(name, { durable: true, arguments: { 'x-queue-type': 'quorum' } });
    broker.channel.sendToQueue(name, Buffer.from('{}'));
    await declare(connection, topology);
    await until('it is still there', async () => (await broker.depth(name)) === 1);
  });
});
