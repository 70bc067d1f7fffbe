import { Controller, Get } from '@nestjs/common';
import { Allow, Tenant } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import {
  healthExample,
  healthSchema,
  installationExample,
  installationSchema,
  type Health as HealthView,
  type InstallationHealth,
} from './health-view.ts';
import { Health } from './health.ts';

/** How the system is doing, for people. Orchestrators ask each service itself. */
@Controller('v1/admin/health')
@Allow('admin', 'viewer')
export class HealthController {
  constructor(private readonly health: Health) {}

  @Get()
  @Describe({
    summary: 'How the system is doing',
    description:
      'The replicas of each service, what waits in each queue, and of your tenant what waits in the outbox, what is parked and what the circuit breakers of its providers do. Answers within about two seconds whoever is away, and says who is: a service of which nothing was heard for 6 seconds is `missing`. A gateway that has just started hears the others within 2 seconds; while RabbitMQ is away nobody is heard. Queues may be 2 seconds old and are of all tenants together. AMQP does not tell how old their messages are: whoever consumes a queue tells when the oldest that it has in hand was published, and of a queue that nobody consumes the gateway tells since when it has seen messages wait (`at_least`), by looking every 10 seconds.',
    response: healthSchema,
    responseExample: healthExample,
  })
  ofTenant(@Tenant() tenant: string): Promise<HealthView> {
    return this.health.ofTenant(tenant);
  }

  @Get('installation')
  @Allow('platform')
  @Describe({
    summary: 'How the installation is doing, all tenants together',
    description:
      'As above; the outbox and the dead letters are those of all tenants, as numbers. `oldest_at` of the outbox is since when the tenant that waits longest has had events in it.',
    response: installationSchema,
    responseExample: installationExample,
  })
  ofInstallation(): Promise<InstallationHealth> {
    return this.health.ofInstallation();
  }
}
