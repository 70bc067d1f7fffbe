/** The whole of `npm run bench`. */
import { join } from 'node:path';
import { ChildGroup } from './processes.mjs';
import { runOnServers } from './run-on-servers.mjs';
import { node24, root, withWorkspacePath } from './workspace.mjs';

/**
 * @param {string[]} args for the bench
 */
export async function runBench(args) {
  await runOnServers(async ({ servers }) => {
    const bench = new ChildGroup(
      node24,
      ['--enable-source-maps', join(root, 'apps', 'bench', 'dist', 'src', 'main.js'), ...args],
      {
        output: 'inherit',
        env: { ...withWorkspacePath(), DATABASE_URL: servers.postgresql.url, AMQP_URL: servers.rabbitmq.url },
      },
    );
    const { code } = await bench.exit;
    return code ?? 1;
  });
}
