import { Controller } from '@nestjs/common';
import { EventPattern, Payload } from '@nestjs/microservices';
import { serviceBeat, serviceBeatSchema, type CloudEvent } from '@carillon/contracts';
import { Replicas } from './replicas.ts';

/** Hears the beats of all replicas of all services. */
@Controller()
export class BeatsController {
  constructor(private readonly replicas: Replicas) {}

  @EventPattern<string>(serviceBeat.type)
  onBeat(@Payload() { data }: CloudEvent): void {
    this.replicas.hear(serviceBeatSchema.parse(data));
  }
}
