import { defaultTenant, experimentObserved, type CloudEvent, type ExperimentObserved } from '@carillon/contracts';
import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { Observations } from './observations.ts';

/** Keeps what became of the deliveries of experiments. */
@Controller()
export class ObservingController {
  constructor(private readonly observations: Observations) {}

  @EventPattern<string>(experimentObserved.type)
  onObserved(@Payload() { tenant = defaultTenant, data }: CloudEvent<ExperimentObserved>): Promise<void> {
    return this.observations.keep({ tenant, ...data });
  }
}
