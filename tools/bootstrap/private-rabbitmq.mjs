/** A RabbitMQ of our own, started from the distribution's programs: loopback only, user of its own, data kept. */
import { mkdirSync, chownSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { rabbitProgram } from './debian.mjs';
import { accountFolder, serverAccount } from './server-account.mjs';
import { didNotStart, serverPassword, startServer, writeForAccount } from './private-servers.mjs';
import { freePorts } from './ports.mjs';
import { loginToRabbit } from './rabbitmq.mjs';
import { waitForLogin } from './postgres.mjs';

/**
 * Returns as soon as its address is known: it takes seconds to come up, and there is other work to do meanwhile.
 * @param {string[]} path its folder below `.carillon/`
 * @returns {Promise<import('./private-servers.mjs').PrivateServer>}
 */
export async function startPrivateRabbit(path) {
  const account = await serverAccount('rabbitmq');
  const folder = await accountFolder(account, path);
  const password = serverPassword(folder, account);
  const [port = 0, distributionPort = 0, namesPort = 0] = await freePorts(3);
  // Erlang terms, not rabbitmq.conf: to translate that takes RabbitMQ half a second of each start.
  const settings = `{tcp_listeners, [{"127.0.0.1", ${port}}]}, {default_user, <<"carillon">>}, {default_pass, <<"${password}">>}`;
  writeForAccount(join(folder, 'advanced.config'), `[{rabbit, [${settings}]}].\n`, account);
  writeForAccount(join(folder, 'enabled_plugins'), '[].\n', account);
  for (const name of ['data', 'log']) {
    mkdirSync(join(folder, name), { recursive: true });
    if (account) chownSync(join(folder, name), account.uid, account.gid);
  }
  const environment = {
    ...process.env,
    HOME: folder,
    // The data belongs to the node's name, so the name must not change between starts.
    RABBITMQ_NODENAME: `carillon-${createHash('sha256').update(folder).digest('hex').slice(0, 8)}@localhost`,
    RABBITMQ_MNESIA_BASE: join(folder, 'data'),
    RABBITMQ_LOG_BASE: join(folder, 'log'),
    RABBITMQ_LOGS: '-',
    RABBITMQ_ADVANCED_CONFIG_FILE: join(folder, 'advanced.config'),
    // The distribution's own rabbitmq.conf is for the distribution's own instance.
    RABBITMQ_CONFIG_FILE: join(folder, 'none.conf'),
    RABBITMQ_ENABLED_PLUGINS_FILE: join(folder, 'enabled_plugins'),
    // The distribution's own settings (/etc/rabbitmq/rabbitmq-env.conf) are for the distribution's own instance.
    RABBITMQ_CONF_ENV_FILE: '/dev/null',
    RABBITMQ_DIST_PORT: String(distributionPort),
    ERL_EPMD_PORT: String(namesPort),
    ERL_EPMD_ADDRESS: '127.0.0.1',
    ERL_FLAGS: '-kernel inet_dist_use_interface {127,0,0,1}',
  };
  // Erlang's name server. RabbitMQ would start one as a daemon and leave it running; ours ends with us.
  const names = await startServer('epmd', ['-port', String(namesPort), '-address', '127.0.0.1'], {
    ...account,
    cwd: folder,
    env: environment,
    name: 'epmd',
  });
  const server = await startServer(rabbitProgram() ?? '', [], { ...account, cwd: folder, env: environment });
  const command = {
    program: '/usr/lib/rabbitmq/bin/rabbitmqctl',
    options: { ...account, cwd: folder, env: environment },
  };
  const stop = async () => {
    // The start script passes SIGTERM on to Erlang and waits for it.
    await server.end({ withinMs: 20_000, leaderOnly: true });
    await names.end({ withinMs: 2_000 });
  };
  const url = `amqp://carillon:${encodeURIComponent(password)}@127.0.0.1:${port}`;
  const ready = waitForLogin(
    () => loginToRabbit(url),
    () => !server.ended,
    90_000,
  ).then(async (login) => {
    if (login) return login.version;
    await stop();
    throw didNotStart('The private RabbitMQ', server, folder);
  });
  return { url, ready, stop, command };
}
