import { Controller } from '@nestjs/common';
import { EventPattern } from '@nestjs/microservices';
import { catalogChanged } from '@carillon/contracts';
import { Sources } from './sources.ts';

/** Keeps the sources in step with the catalogs. */
@Controller()
export class SourcesController {
  constructor(private readonly sources: Sources) {}

  @EventPattern<string>(catalogChanged.type)
  catalogChanged(): void {
    this.sources.forget();
  }
}
