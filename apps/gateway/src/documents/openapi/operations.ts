/**
 * What `libs/service` serves beside the controllers, in every service: the same words here as for the routes of this
 * one. No credential is needed.
 */
export const operations: Record<string, { summary: string; contentType: string; unavailable?: string }> = {
  '/health/live': { summary: 'Whether the process runs', contentType: 'application/json' },
  '/health/ready': {
    summary: 'Whether requests can be taken',
    contentType: 'application/json',
    unavailable:
      'Not now; `reason` says why: the database is away, or the service is stopping. Without RabbitMQ the gateway still accepts events.',
  },
  '/metrics': { summary: 'Metrics in the Prometheus text format', contentType: 'text/plain' },
};
