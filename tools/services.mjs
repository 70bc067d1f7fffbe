/**
 * The services of the suite as data: what `npm start` runs, on which ports, with which settings. The order is the
 * order of the pipeline; it is also the order in which they are stopped, so that each stage still finds the next one.
 */

/**
 * @typedef {object} Service
 * @property {string} name folder below apps/, label in the logs, database schema
 * @property {number} port HTTP: health, metrics, and for the gateway and the mailbox what people use
 * @property {number} [smtpPort]
 * @property {boolean} database whether it owns a schema
 * @property {number} mostReplicas on one machine
 * @property {(suite: SuiteAddresses) => Record<string, string>} [settings] what this service needs beyond the common settings
 *
 * @typedef {object} SuiteAddresses
 * @property {string} gatewayUrl
 * @property {string} mailboxUrl
 * @property {number} mailboxPort
 * @property {number} smtpPort the mailbox's
 * @property {string} host where services listen
 * @property {string} apiKey the development key
 */

/** Each replica is a process with database connections of its own. */
const manyReplicas = 20;

/** @type {Service[]} */
export const services = [
  {
    name: 'gateway',
    port: 3000,
    database: true,
    // Its port is the one that clients know; several behind one port need a load balancer.
    mostReplicas: 1,
    settings: ({ apiKey }) => ({ DEV_API_KEY: apiKey }),
  },
  { name: 'preferences', port: 3001, database: true, mostReplicas: manyReplicas },
  { name: 'template-renderer', port: 3002, database: true, mostReplicas: manyReplicas },
  { name: 'inbox', port: 3003, database: true, mostReplicas: manyReplicas },
  {
    name: 'email-sender',
    port: 3004,
    database: true,
    mostReplicas: manyReplicas,
    settings: ({ smtpPort }) => ({
      SMTP_URL: `smtp://127.0.0.1:${smtpPort}`,
      MAIL_FROM: 'Carillon <notifications@carillon.test>',
    }),
  },
  {
    name: 'sms-sender',
    port: 3005,
    database: true,
    mostReplicas: manyReplicas,
    // The mailbox answers like Africa's Talking, so the sender takes the same way as in production.
    settings: ({ mailboxUrl }) => ({
      SMS_PROVIDER: 'africastalking',
      AFRICASTALKING_USERNAME: 'sandbox',
      AFRICASTALKING_API_KEY: 'development',
      AFRICASTALKING_URL: mailboxUrl,
    }),
  },
  { name: 'scheduler', port: 3006, database: true, mostReplicas: manyReplicas },
  {
    name: 'mailbox',
    port: 8025,
    smtpPort: 1025,
    database: false,
    // Its messages are in its memory.
    mostReplicas: 1,
    settings: ({ mailboxPort, smtpPort, host }) => ({
      MAILBOX_HOST: host,
      MAILBOX_HTTP_PORT: String(mailboxPort),
      MAILBOX_SMTP_PORT: String(smtpPort),
    }),
  },
];
