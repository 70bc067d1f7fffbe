import { lanes, type EventContract, type ExchangeName } from '@carillon/contracts';

/** All AMQP names of an installation start with its prefix, by default `carillon`. */
export class Names {
  constructor(readonly prefix: string) {}

  exchange(name: ExchangeName): string {
    return `${this.prefix}.${name}`;
  }

  /** Whether an exchange is the installation's (the default one, through which queues are reached, included) or a domain service's. */
  isOwn(exchange: string): boolean {
    return exchange === '' || exchange === this.prefix || exchange.startsWith(`${this.prefix}.`);
  }

  /** The queues in which a service receives a contract, one per lane, with the routing key that fills each. */
  queues(service: string, { key, lanes: laned, exchange }: EventContract<unknown>): { queue: string; key: string }[] {
    const base = `${this.prefix}.${service}.${key === '#' ? exchange : key}`;
    return laned ? lanes.map((lane) => ({ queue: `${base}.${lane}`, key: `${key}.${lane}` })) : [{ queue: base, key }];
  }

  rpcQueue(service: string): string {
    return `${this.prefix}.rpc.${service}`;
  }
}

/** The routing key under which data of a contract travels. */
export function routingKeyOf<T>({ key, lanes: laned }: EventContract<T>, data: T): string {
  return laned ? `${key}.${(data as { lane: string }).lane}` : key;
}
