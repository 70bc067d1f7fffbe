import { parseArgs } from 'node:util';

export const scenarios = ['in-app', 'email', 'email-sender', 'latency', 'fan-out'] as const;
export type Scenario = (typeof scenarios)[number];
/** What has no floor beside it, and runs only when it is named. */
const apart = ['realtime', 'inbox-size', 'hostile', 'timers', 'digest'];

export interface Options {
  scenarios: readonly Scenario[];
  /** Leaves Carillon out. */
  floorOnly: boolean;
  events: number;
  emails: number;
  recipients: number;
  /** Everyone of the tenant that the one event of the fan-out scenario is for. */
  fanOutRecipients: number;
  rounds: number;
  /** Events per second of the latency scenario. */
  rate: number;
  seconds: number;
  /** Ratio below which the run fails. */
  hold?: number;
  /** Only the sockets of client apps are measured, which have no floor beside them. */
  realtime?: { sockets: number; perSecond: number };
  /** Only how the inbox answers at size is measured, with so many notifications; it has no floor either. */
  inboxSize?: { rows: number };
  /** Only how templates that mean harm slow others down is measured; it has no floor either. */
  hostile: boolean;
  /** Only what waits for its time is measured, with so many timers due at once where it is named. */
  timers: number;
  timersOnly: boolean;
  /** Only digests are measured, so many that are due at once where it is named. */
  digests: number;
  digestsOnly: boolean;
  cpu: boolean;
  /** Environment variables for Carillon's services, beside what they need. */
  env: Record<string, string>;
  /** SQL for the run's database before the first round, to find out what something costs: `DROP INDEX …`. */
  sql: string[];
  json?: string;
  profile?: string;
}

/** A wrong command line: its message says what to write instead. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

export const usage = `npm run bench -- [options]

  Measures Carillon beside a bare floor (amqplib, pg and nodemailer alone; same hops, same guarantees, same number of
  processes) on the same servers in the same run, and prints the ratios. What it measures: docs/performance.md.

  --only NAME       in-app, email, email-sender, latency, fan-out (one or several), or floor: without Carillon; or
                    realtime, by itself: the sockets of client apps, without a floor; or inbox-size, by itself: the inbox
                    with many rows; or hostile, by itself: rendering beside templates that loop, explode and stall;
                    or timers, by itself: how punctual they are, and many that are due at once; or digest, by itself: the
                    digests of many recipients at the same hour
  --events N        events per round, delivered in-app (20000)
  --emails N        events per round, delivered in-app and by email, and emails of email-sender (a quarter of --events)
  --recipients N    recipients among whom they are spread (1000)
  --fan-out-recipients N  recipients of the one event of the fan-out scenario (100000)
  --rows N          notifications in the large inbox of inbox-size (10000000)
  --timers N        timers due at once of timers (100000)
  --digests N       digests due at once of digest (10000)
  --rounds N        rounds per scenario; the table shows medians (3)
  --rate N          events per second of the latency scenario (50), of realtime (100), of each tenant of hostile (50), urgent
                    ones of timers (50)
  --sockets N       sockets of realtime (5000)
  --seconds N       how long the latency scenario takes, per round and side (8), and hostile (16); inbox-size asks each
                    question for a quarter of it
  --cpu             also print CPU milliseconds per thousand events by process
  --hold RATIO      fail when a throughput ratio is lower
  --env NAME=VALUE  set an environment variable of Carillon's services; may be repeated
  --sql TEXT        run SQL in the run's database before the first round, such as DROP INDEX …; may be repeated
  --json FILE       write every round's numbers
  --profile DIR     write a V8 CPU profile of every process (for Chrome DevTools)
`;

/** @throws UsageError naming the option that is wrong; `undefined` when help was asked for */
export function readOptions(args: string[]): Options | undefined {
  const { values } = parse(args);
  if (values.help) return undefined;
  const names = values.only ?? [];
  for (const name of names) {
    if (!['floor', ...apart].includes(name) && !isScenario(name))
      throw new UsageError(
        `--only ${name}: choose in-app, email, email-sender, latency, fan-out, floor, realtime, inbox-size, hostile, timers or digest`,
      );
  }
  const alone = apart.find((name) => names.includes(name));
  if (alone && names.length > 1) throw new UsageError(`--only ${alone} goes with no other`);
  const chosen = names.filter(isScenario);
  const events = whole('events', values.events, 20_000, 1);
  return {
    scenarios: chosen.length > 0 ? scenarios.filter((scenario) => chosen.includes(scenario)) : scenarios,
    floorOnly: names.includes('floor'),
    events,
    emails: whole('emails', values.emails, Math.max(1, Math.round(events / 4)), 1),
    recipients: whole('recipients', values.recipients, 1000, 1),
    fanOutRecipients: whole('fan-out-recipients', values['fan-out-recipients'], 100_000, 1),
    rounds: whole('rounds', values.rounds, 3, 1),
    rate: whole('rate', values.rate, 50, 1),
    seconds: whole('seconds', values.seconds, names.includes('hostile') ? 16 : 8, 1),
    hold: ratio('hold', values.hold),
    realtime: names.includes('realtime')
      ? { sockets: whole('sockets', values.sockets, 5_000, 1), perSecond: whole('rate', values.rate, 100, 1) }
      : undefined,
    inboxSize: names.includes('inbox-size') ? { rows: whole('rows', values.rows, 10_000_000, 2000) } : undefined,
    hostile: names.includes('hostile'),
    timers: whole('timers', values.timers, 100_000, 1000),
    timersOnly: names.includes('timers'),
    digests: whole('digests', values.digests, 10_000, 10),
    digestsOnly: names.includes('digest'),
    cpu: values.cpu ?? false,
    env: Object.fromEntries((values.env ?? []).map(variable)),
    sql: values.sql ?? [],
    json: values.json,
    profile: values.profile,
  };
}

function parse(args: string[]) {
  const text = { type: 'string' } as const;
  try {
    return parseArgs({
      args,
      options: {
        only: { type: 'string', multiple: true },
        events: text,
        emails: text,
        recipients: text,
        'fan-out-recipients': text,
        rows: text,
        rounds: text,
        rate: text,
        seconds: text,
        sockets: text,
        timers: text,
        digests: text,
        hold: text,
        env: { type: 'string', multiple: true },
        sql: { type: 'string', multiple: true },
        json: text,
        profile: text,
        cpu: { type: 'boolean' },
        help: { type: 'boolean', short: 'h' },
      },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

function isScenario(name: string): name is Scenario {
  return (scenarios as readonly string[]).includes(name);
}

function whole(name: string, text: string | undefined, otherwise: number, least: number): number {
  const value = text === undefined ? otherwise : Number(text);
  if (!Number.isInteger(value) || value < least)
    throw new UsageError(`--${name} ${text}: must be a whole number of at least ${least}`);
  return value;
}

function ratio(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!(value > 0)) throw new UsageError(`--${name} ${text}: must be a number above 0, such as 0.6`);
  return value;
}

function variable(text: string): [string, string] {
  const [, name, value] = /^([A-Z][A-Z0-9_]*)=(.*)$/s.exec(text) ?? [];
  if (name === undefined) throw new UsageError(`--env ${text}: must be NAME=VALUE, such as AMQP_PREFETCH=50`);
  return [name, value!];
}
