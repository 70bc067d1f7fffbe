/** RabbitMQ as the bootstrap meets it. */

/**
 * Logs in once.
 * @param {string} url
 * @returns {Promise<{ version: string }>}
 * @throws whatever the broker or the network said
 */
export async function loginToRabbit(url) {
  // Imported only now: packages may just have been installed.
  const { connect } = await import('amqplib');
  const connection = await connect(url, { timeout: 3_000 });
  connection.on('error', () => {});
  const version = String(connection.connection.serverProperties.version ?? 'unknown');
  await connection.close();
  return { version };
}
