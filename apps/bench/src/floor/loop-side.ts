import type { Published, PublishOrder } from '../front-door/orders.ts';
import { Child, program } from '../run/child.ts';
import type { Side, SideSetup } from '../run/side.ts';
import type { FloorSide } from './floor-side.ts';

/** The bare chunked loop, on the tables of a floor that is started: fan-out only, one process, no broker. */
export class LoopSide implements Side {
  readonly name = 'loop';
  readonly exchange = '';
  readonly types;
  readonly emails;
  readonly inbox;
  readonly children: Child[] = [];

  constructor(
    private readonly setup: SideSetup,
    private readonly floor: FloorSide,
  ) {
    this.types = floor.types;
    this.emails = floor.emails;
    this.inbox = floor.inbox;
  }

  async start(): Promise<void> {
    const child = new Child({
      name: 'loop',
      file: program('./loop.main', import.meta.url),
      profileTo: this.setup.profileTo,
      env: { DATABASE_URL: this.setup.scratch.databaseUrl },
    });
    this.children.push(child);
    await child.next();
  }

  take(order: PublishOrder): Promise<Published> {
    return this.children[0]!.ask(order);
  }

  addRecipients(tenant: string, count: number): Promise<void> {
    return this.floor.addRecipients(tenant, count);
  }

  inApp(tenant: string): Promise<number> {
    return this.floor.inApp(tenant);
  }

  reached(tenant: string): Promise<number> {
    return this.floor.reached(tenant);
  }

  async emailsSent(): Promise<number> {
    return 0;
  }

  async stop(): Promise<void> {
    await Promise.all(this.children.map((child) => child.stop()));
  }
}
