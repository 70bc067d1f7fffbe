import { Controller } from '@nestjs/common';
import { EventPattern, MessagePattern, Payload } from '@nestjs/microservices';
import { catalogChanged, listSources, type SourceStanding } from '@carillon/contracts';
import type { RequestOf } from '@carillon/messaging';
import { Catalogs } from '../catalog/catalogs.ts';
import { BindingStore } from './binding-store.ts';
import { SourceBindings } from './source-bindings.ts';
import { Sources } from './sources.ts';
import { standingOf } from './standing.ts';

@Controller()
export class SourcesController {
  constructor(
    private readonly catalogs: Catalogs,
    private readonly sources: Sources,
    private readonly bindings: SourceBindings,
    private readonly store: BindingStore,
  ) {}

  /** Resolves when the sources of the catalog that holds now are bound. */
  @EventPattern<string>(catalogChanged.type)
  async catalogChanged(): Promise<void> {
    this.sources.forget();
    await this.bindings.refresh();
  }

  @MessagePattern(listSources.name)
  async list(@Payload() { tenant }: RequestOf<typeof listSources>): Promise<SourceStanding[]> {
    const [all, bindings] = await Promise.all([this.catalogs.allSources(), this.store.all()]);
    return all
      .filter((source) => source.tenant === tenant)
      .map((source) => standingOf(source, bindings, this.sources.rules))
      .sort((one, other) => (one.key < other.key ? -1 : 1));
  }
}
