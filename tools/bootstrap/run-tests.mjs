/** The whole of `npm test`: one Jest run over everything on real servers, and a look at what it left behind. */
import { randomBytes } from 'node:crypto';
import { availableParallelism } from 'node:os';
import { join } from 'node:path';
import { removeLeftovers } from './leftovers.mjs';
import { withPostgres } from './postgres.mjs';
import { ChildGroup } from './processes.mjs';
import { runOnServers } from './run-on-servers.mjs';
import { nameWorkers, workersFor } from './workers.mjs';
import { node24, root, withWorkspacePath } from './workspace.mjs';

/** Jest runs ES modules in Node's vm contexts, which Node still calls experimental. */
const nodeOptions = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'];

/**
 * @param {string[]} args for Jest: paths, `-t`, …
 */
export async function runTests(args) {
  await runOnServers(async ({ display, servers }) => {
    const runId = randomBytes(4).toString('hex');
    const reporters = ['default', join(root, 'tools', 'bootstrap', 'unfinished-reporter.mjs')];
    const command = [
      join(root, 'node_modules', 'jest', 'bin', 'jest.js'),
      ...args,
      ...(nameWorkers(args) ? [] : [`--maxWorkers=${await workers(servers.postgresql.url)}`]),
      // Last, because Jest takes what follows a list option as part of the list.
      ...reporters.map((reporter) => `--reporters=${reporter}`),
    ];
    const jest = new ChildGroup(node24, command, {
      output: 'inherit',
      env: {
        ...withWorkspacePath(),
        DATABASE_URL: servers.postgresql.url,
        AMQP_URL: servers.rabbitmq.url,
        // Part of every database, role, queue and exchange name that a test makes (libs/testing).
        CARILLON_TEST_RUN: runId,
        NODE_OPTIONS: [process.env.NODE_OPTIONS, ...nodeOptions].filter(Boolean).join(' '),
      },
    });
    const { code, signal } = await jest.exit;
    const { leftovers, unchecked } = await removeLeftovers(servers, runId);
    for (const what of unchecked)
      display.print(display.paint('yellow', `Not checked for what tests left behind: ${what}.`));
    if (leftovers.length > 0) {
      display.print(display.paint('red', `Tests left ${leftovers.length} things behind (removed now):`));
      for (const { kind, name } of leftovers) display.print(`  ${kind} ${name}`);
    }
    if (signal) display.print(display.paint('red', `Jest was ended by ${signal}.`));
    return code !== 0 ? (code ?? 1) : leftovers.length > 0 ? 1 : 0;
  });
}

/** @param {string} databaseUrl @returns {Promise<number>} */
async function workers(databaseUrl) {
  const maxConnections = await withPostgres(databaseUrl, async (client) => {
    const { rows } = await client.query('SHOW max_connections');
    return Number(rows[0].max_connections);
  });
  return workersFor({ cores: availableParallelism(), maxConnections });
}
