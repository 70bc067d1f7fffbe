import { availableParallelism } from 'node:os';
import type { Options, Scenario } from './options.ts';
import { Progress } from './report/progress.ts';
import type { Results, Round } from './report/results.ts';
import { CarillonSide } from './carillon/carillon-side.ts';
import { FloorSide } from './floor/floor-side.ts';
import { measureHostile } from './hostile/hostile.ts';
import { measureDigests } from './digest/digest.ts';
import { measureTimers } from './timers/timers.ts';
import { measureInboxSize } from './inbox-size/inbox-size.ts';
import { LoopSide } from './floor/loop-side.ts';
import { measureLatency } from './run/latency.ts';
import { Rig } from './run/rig.ts';
import { makeScratch, type Scratch } from './run/scratch.ts';
import type { Kind, Side, SideSetup } from './run/side.ts';
import { measureThroughput } from './run/throughput.ts';

/** Events of the unmeasured round at the start, in which every process compiles its hot code. */
const warmUpEvents = 2000;

export interface BenchOptions extends Options {
  /** A role that may create databases and roles. */
  adminUrl: string;
  amqpUrl: string;
  /** What makes the names of this run its own; random unless given. */
  run?: string;
}

/**
 * Starts both sides, lets them take turns, and takes everything away again, also when it fails or is interrupted.
 *
 * @param interruption aborts when the run is to end early; its reason is then thrown
 */
export async function bench(options: BenchOptions, interruption: AbortSignal): Promise<Results> {
  const undo: (() => Promise<void>)[] = [];
  const undoAll = async (): Promise<void> => {
    for (let step = undo.pop(); step; step = undo.pop()) await step().catch((error: unknown) => console.error(error));
  };
  const work = measureAll(options, undo, interruption);
  try {
    return await Promise.race([work, aborted(interruption)]);
  } finally {
    await undoAll();
    // Interrupted: what was being made just then is undone too.
    await work.catch(() => undefined);
    await undoAll();
  }
}

async function measureAll(
  options: BenchOptions,
  undo: (() => Promise<void>)[],
  interruption: AbortSignal,
): Promise<Results> {
  const { scenarios, rounds } = options;
  const scratch = await makeScratch(options.adminUrl, options.amqpUrl, options.run);
  undo.push(() => scratch.remove());
  interruption.throwIfAborted();
  if (options.inboxSize) {
    const inboxSize = await measureInboxSize({ ...options, ...options.inboxSize }, scratch, undo, interruption);
    return { at: new Date().toISOString(), machine: await machine(scratch), rounds: [], inboxSize };
  }
  if (options.timersOnly) {
    const timers = await measureTimers(options, scratch, undo, interruption);
    return { at: new Date().toISOString(), machine: await machine(scratch), rounds: [], timers };
  }
  if (options.digestsOnly) {
    const digests = await measureDigests(options, scratch, undo, interruption);
    return { at: new Date().toISOString(), machine: await machine(scratch), rounds: [], digests };
  }
  if (options.hostile) {
    const hostile = await measureHostile(options, scratch, undo, interruption);
    return { at: new Date().toISOString(), machine: await machine(scratch), rounds: [], hostile };
  }
  const rig = await Rig.start(scratch);
  undo.push(() => rig.stop());
  const sides = makeSides(options, scratch, rig);
  const progress = new Progress(rounds * scenarios.flatMap((scenario) => taking(sides, scenario)).length);
  undo.push(async () => progress.clear());
  for (const side of sides) {
    interruption.throwIfAborted();
    undo.push(() => side.stop());
    await side.start();
    progress.say(`${side.name}: ${side.children.length} processes are ready`);
  }
  for (const sql of options.sql) await scratch.db.query(sql);
  const run = new Run(options, scratch, rig, progress);
  for (const side of sides) {
    for (const kind of warmUps(side, scenarios)) {
      interruption.throwIfAborted();
      await run.warmUp(side, kind);
    }
  }
  for (let round = 1; round <= rounds; round++) {
    for (const scenario of scenarios) {
      // Who comes first changes, so that neither always finds the machine as the other left it.
      const turns = taking(sides, scenario);
      for (const side of round % 2 === 1 ? turns : turns.toReversed()) {
        interruption.throwIfAborted();
        await run.measure(side, scenario, round);
      }
    }
  }
  return { at: new Date().toISOString(), machine: await machine(scratch), rounds: run.rounds };
}

function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) =>
    signal.addEventListener('abort', () => reject(signal.reason), { once: true }),
  );
}

function makeSides({ scenarios, floorOnly, env, profile }: BenchOptions, scratch: Scratch, rig: Rig): Side[] {
  const setup: SideSetup = {
    scratch,
    smtpUrl: rig.smtpUrl,
    withEmail: scenarios.includes('email') || scenarios.includes('email-sender'),
    senderOnly: scenarios.every((scenario) => scenario === 'email-sender'),
    env,
    profileTo: profile,
  };
  const floor = new FloorSide(setup);
  const loop = scenarios.includes('fan-out') ? [new LoopSide(setup, floor)] : [];
  return [floor, ...loop, ...(floorOnly ? [] : [new CarillonSide(setup)])];
}

/** The loop can do nothing but fan out. */
function taking(sides: Side[], scenario: Scenario): Side[] {
  return sides.filter(({ name }) => name !== 'loop' || scenario === 'fan-out');
}

function warmUps({ name }: Side, scenarios: readonly Scenario[]): Kind[] {
  const fanOut: Kind[] = scenarios.includes('fan-out') ? ['fan_out'] : [];
  if (name === 'loop') return fanOut;
  const rendered: Kind[] = scenarios.includes('email-sender') ? ['rendered'] : [];
  const events: Kind[] = scenarios.includes('email')
    ? ['email']
    : scenarios.some((scenario) => scenario === 'in-app' || scenario === 'latency')
      ? ['in_app']
      : [];
  return [...events, ...rendered, ...fanOut];
}

const units: Readonly<Record<Kind, string>> = {
  in_app: 'events',
  email: 'events',
  fan_out: 'recipients',
  rendered: 'emails',
};

/** The measurements of one run. */
class Run {
  readonly rounds: Round[] = [];
  private tenants = 0;

  constructor(
    private readonly options: BenchOptions,
    private readonly scratch: Scratch,
    private readonly rig: Rig,
    private readonly progress: Progress,
  ) {}

  async warmUp(side: Side, kind: Kind): Promise<void> {
    const label = `warming up ${side.name}`;
    const recipients = kind === 'fan_out' ? warmUpEvents : this.options.recipients;
    await measureThroughput(side, this.rig, availableParallelism(), {
      kind,
      tenant: await this.newTenant(side, kind === 'rendered' ? 0 : recipients),
      events: warmUpEvents,
      recipients,
      stalledAfterMs: 30_000,
      onProgress: (done) => this.progress.show(label, done, warmUpEvents),
    });
  }

  async measure(side: Side, scenario: Scenario, round: number): Promise<void> {
    const label = `${scenario.padEnd(7)}  round ${round}  ${side.name.padEnd(8)}`;
    if (scenario === 'latency') {
      const { rate, seconds } = this.options;
      const tenant = await this.newTenant(side, rate * seconds);
      await this.calm();
      const latency = await measureLatency(side, this.rig, this.scratch, {
        tenant,
        perSecond: rate,
        seconds,
        onProgress: (done) => this.progress.show(label, done, rate * seconds),
      });
      this.rounds.push({ round, side: side.name, scenario, ...latency });
      this.progress.finish(label, `p50 ${latency.p50.toFixed(1)} ms, p99 ${latency.p99.toFixed(1)} ms`);
      return;
    }
    const { kind, events, recipients } = this.sizeOf(scenario);
    const tenant = await this.newTenant(side, kind === 'rendered' ? 0 : recipients);
    await this.calm();
    const throughput = await measureThroughput(side, this.rig, availableParallelism(), {
      kind,
      tenant,
      events,
      recipients,
      stalledAfterMs: 30_000,
      onProgress: (done, perSecond) => this.progress.show(label, done, events, `${perSecond.toFixed(0)}/s`),
    });
    this.rounds.push({ round, side: side.name, scenario, events, ...throughput });
    const others =
      throughput.others === undefined ? '' : `, others used ${(throughput.others * 100).toFixed(0)} % of the machine`;
    this.progress.finish(
      label,
      `${throughput.perSecond.toFixed(0)} ${units[kind]}/s in ${throughput.seconds.toFixed(1)} s${others}`,
    );
  }

  private sizeOf(scenario: Exclude<Scenario, 'latency'>): { kind: Kind; events: number; recipients: number } {
    const { events, emails, recipients, fanOutRecipients } = this.options;
    if (scenario === 'fan-out') return { kind: 'fan_out', events: fanOutRecipients, recipients: fanOutRecipients };
    if (scenario === 'in-app') return { kind: 'in_app', events, recipients };
    return { kind: scenario === 'email' ? 'email' : 'rendered', events: emails, recipients };
  }

  /** Lets no side pay for the writes of the one before, nor run on plans for tables that were empty. */
  private async calm(): Promise<void> {
    await this.scratch.db.query('ANALYZE');
    await this.scratch.db.query('CHECKPOINT').catch(() => undefined); // Wants more rights than some admins have.
  }

  /** @param recipients none for emails, which have their addresses */
  private async newTenant(side: Side, recipients: number): Promise<string> {
    const tenant = `bench-${(this.tenants += 1)}`;
    if (recipients > 0) await side.addRecipients(tenant, recipients);
    return tenant;
  }
}

async function machine({ db, channel }: Scratch): Promise<Results['machine']> {
  const { rows } = await db.query<{ server_version: string }>('SHOW server_version');
  const { version } = (channel.connection as unknown as { serverProperties: { version: string } }).serverProperties;
  return {
    cores: availableParallelism(),
    node: process.version,
    postgresql: rows[0]!.server_version,
    rabbitmq: version,
  };
}
