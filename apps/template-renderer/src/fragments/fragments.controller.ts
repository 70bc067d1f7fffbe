import { randomUUID } from 'node:crypto';
import {
  getFragment,
  listFragments,
  listFragmentVersions,
  Problem,
  saveFragment,
  templatesChanged,
  type FragmentAnswer,
  type FragmentDetail,
  type FragmentHead,
  type FragmentKind,
  type FragmentVersion,
  type SaveFragment,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { Controller, Logger } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { BuiltInTemplates } from '../built-in/built-in-templates.ts';
import { FragmentDesk } from './fragment-desk.ts';
import { FragmentStore } from './fragment-store.ts';
import { Framing } from './framing.ts';

interface One {
  tenant: string;
  kind: FragmentKind;
  key: string;
}
interface Paging {
  limit: number;
  after: string | null;
}

/** The layouts and partials of tenants. */
@Controller()
export class FragmentsController {
  private readonly logger = new Logger(FragmentsController.name);

  private refreshed = false;

  constructor(
    private readonly desk: FragmentDesk,
    private readonly store: FragmentStore,
    private readonly framing: Framing,
    private readonly builtIns: BuiltInTemplates,
    private readonly messages: Messages,
  ) {
    messages.onConnected(() => this.refresh());
  }

  /** Once, as soon as there is a database and a broker. */
  private async refresh(): Promise<void> {
    if (this.refreshed) return;
    await this.builtIns.published();
    for (const tenant of await this.framing.refreshAll()) {
      this.logger.log({ msg: 'emails were framed anew', tenant });
      await this.messages.publish(templatesChanged, {}, { tenant, id: randomUUID() });
    }
    this.refreshed = true;
  }

  @MessagePattern<string>(listFragments.name)
  list(
    @Payload() { tenant, kind, limit, after }: Omit<One, 'key'> & Paging,
  ): Promise<{ data: FragmentHead[]; next: string | null }> {
    return this.store.list(tenant, kind, limit, after);
  }

  @MessagePattern<string>(getFragment.name)
  get(@Payload() { tenant, kind, key, version }: One & { version?: number }): Promise<FragmentDetail> {
    return this.desk.get(tenant, kind, key, version);
  }

  @MessagePattern<string>(listFragmentVersions.name)
  async versions(
    @Payload() { tenant, kind, key, limit, after }: One & Paging,
  ): Promise<{ data: FragmentVersion[]; next: string | null }> {
    const page = await this.store.versions(tenant, kind, key, limit, after);
    if (after === null && page.data.length === 0) throw Problem.notFound(kind, key);
    return page;
  }

  @MessagePattern<string>(saveFragment.name)
  async save(@Payload() request: SaveFragment): Promise<FragmentAnswer> {
    const answer = await this.desk.save(request);
    if (!answer.changed || answer.dry_run) return answer;
    const { tenant, kind } = request;
    const { key, version, templates, built_in } = answer;
    const compiled = templates.length + built_in.length;
    this.logger.log({ msg: `a ${kind} was saved`, tenant, key, version, compiled });
    await this.messages.publish(templatesChanged, {}, { tenant, id: randomUUID() });
    return answer;
  }
}
