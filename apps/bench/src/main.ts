import { writeFile } from 'node:fs/promises';
import { bench } from './bench.ts';
import { hostileTable } from './hostile/table.ts';
import { inboxSizeTable } from './inbox-size/table.ts';
import { readOptions, usage, UsageError, type Options } from './options.ts';
import { benchRealtime } from './realtime/realtime.ts';
import { digestTable } from './digest/table.ts';
import { timersTable } from './timers/table.ts';
import { cpuTable, disturbed, ratios, realtimeTable, resultTable } from './report/tables.ts';

/** Ends the run early, for example on Ctrl-C. */
class Interrupted extends Error {
  constructor(readonly signal: NodeJS.Signals) {
    super(`interrupted by ${signal}; what the bench had made was removed`);
  }
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  if (!options) {
    console.log(usage);
    return 0;
  }
  if (options.realtime) {
    console.log(realtimeTable(await benchRealtime({ ...options, ...servers(), ...options.realtime }, interruption())));
    return 0;
  }
  const results = await bench({ ...options, ...servers() }, interruption());
  const { cores, node, postgresql, rabbitmq } = results.machine;
  console.log(`\n${cores} cores, Node ${node}, PostgreSQL ${postgresql}, RabbitMQ ${rabbitmq}\n`);
  if (results.rounds.length > 0) {
    console.log(`medians of ${options.rounds} rounds (least–most)\n\n${resultTable(results)}`);
    console.log('\nratio: how fast Carillon is beside the floor; 1.00 = as fast, 0.50 = half as fast');
  }
  if (results.inboxSize) console.log(inboxSizeTable(results.inboxSize));
  if (results.timers) console.log(timersTable(results.timers));
  if (results.digests) console.log(digestTable(results.digests));
  if (results.hostile) console.log(hostileTable(results.hostile));
  const noisy = disturbed(results);
  if (noisy > 0) {
    console.log(
      `${noisy} of ${results.rounds.length} measurements shared the machine with something else (over 10 % of it)`,
    );
  }
  if (options.cpu) console.log(`\n${cpuTable(results)}`);
  if (options.json) await writeFile(options.json, `${JSON.stringify(results, null, 2)}\n`);
  return held(options, ratios(results)) ? 0 : 1;
}

function held({ hold }: Options, found: ReturnType<typeof ratios>): boolean {
  if (hold === undefined) return true;
  const slow = found.filter(({ throughput, median }) => throughput && median < hold);
  for (const { title, median } of slow) console.error(`${title}: the ratio ${median.toFixed(2)} is below ${hold}`);
  return slow.length === 0;
}

function servers(): { adminUrl: string; amqpUrl: string } {
  const { DATABASE_URL: adminUrl, AMQP_URL: amqpUrl } = process.env;
  if (adminUrl && amqpUrl) return { adminUrl, amqpUrl };
  throw new UsageError(
    `${adminUrl ? 'AMQP_URL' : 'DATABASE_URL'} is not set; "npm run bench" finds the servers and sets it`,
  );
}

function interruption(): AbortSignal {
  const controller = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => controller.abort(new Interrupted(signal)));
  }
  return controller.signal;
}

try {
  process.exit(await main());
} catch (error) {
  const expected = error instanceof UsageError || error instanceof Interrupted;
  console.error(expected ? error.message : error);
  if (error instanceof UsageError) console.error(`\n${usage}`);
  process.exit(error instanceof Interrupted ? 130 : 1);
}
