import { randomUUID } from 'node:crypto';
import {
  createExperiment,
  deleteExperiment,
  freshId,
  getExperiment,
  listExperiments,
  Problem,
  promoteVariant,
  startExperiment,
  stopExperiment,
  templatesChanged,
  type Experiment,
  type ExperimentDetail,
  type ExperimentInput,
} from '@carillon/contracts';
import { Messages, type RequestOf, type ResponseOf } from '@carillon/messaging';
import { Controller } from '@nestjs/common';
import { MessagePattern, Payload } from '@nestjs/microservices';
import { BuiltInTemplates } from '../built-in/built-in-templates.ts';
import { TemplateCache } from '../templates/template-cache.ts';
import { isTaken } from '../templates/template-store.ts';
import { ExperimentsInUse } from './assignment/experiments-in-use.ts';
import { Drafting } from './drafting/drafting.ts';
import { notADraft, notRunning, stillRunning, templateBusy } from './experiment-problems.ts';
import { ExperimentStore, shown, type ExperimentRow } from './experiment-store.ts';
import { Promoting } from './promoting/promoting.ts';
import { Observations } from './results/observations.ts';
import { resultsOf } from './results/results.ts';

type One = RequestOf<typeof getExperiment>;

/** Makes, runs and ends experiments. Whatever changes what recipients get is announced to all replicas. */
@Controller()
export class ExperimentsController {
  constructor(
    private readonly store: ExperimentStore,
    private readonly drafting: Drafting,
    private readonly promoting: Promoting,
    private readonly observations: Observations,
    private readonly builtIns: BuiltInTemplates,
    private readonly inUse: ExperimentsInUse,
    private readonly templates: TemplateCache,
    private readonly messages: Messages,
  ) {}

  @MessagePattern<string>(createExperiment.name)
  async create(
    @Payload() request: { tenant: string; id?: string; experiment: ExperimentInput; created_by: string },
  ): Promise<Experiment> {
    const { tenant, id = freshId(), experiment, created_by } = request;
    await this.builtIns.published();
    return shown(await this.store.create({ id, ...(await this.drafting.draft(tenant, experiment, created_by)) }));
  }

  @MessagePattern<string>(listExperiments.name)
  async list(@Payload() request: RequestOf<typeof listExperiments>): Promise<ResponseOf<typeof listExperiments>> {
    const { tenant, filter, limit, after } = request;
    const rows = await this.store.list(tenant, filter, limit, after);
    const page = rows.slice(0, limit);
    return { data: page.map(shown), next: rows.length > limit ? page.at(-1)!.id : null };
  }

  @MessagePattern<string>(getExperiment.name)
  async get(@Payload() { tenant, id }: One): Promise<ExperimentDetail> {
    return this.detail(await this.known(tenant, id));
  }

  @MessagePattern<string>(startExperiment.name)
  async start(@Payload() { tenant, id }: One): Promise<ExperimentDetail> {
    const row = await this.known(tenant, id);
    const started = await this.store.start(tenant, id).catch(async (error: unknown) => {
      throw isTaken(error) ? templateBusy(row, await this.rivalOf(row)) : error;
    });
    if (!started) throw notADraft(await this.known(tenant, id));
    return this.announced(started);
  }

  @MessagePattern<string>(stopExperiment.name)
  async stop(@Payload() { tenant, id }: One): Promise<ExperimentDetail> {
    const stopped = (await this.store.stop(tenant, id)) ?? (await this.known(tenant, id));
    if (stopped.status !== 'stopped') throw notRunning(stopped);
    return this.announced(stopped);
  }

  @MessagePattern<string>(promoteVariant.name)
  async promote(@Payload() request: RequestOf<typeof promoteVariant>): Promise<ExperimentDetail> {
    const { tenant, id, variant, promoted_by } = request;
    return this.announced(await this.promoting.promote(tenant, id, variant, promoted_by));
  }

  @MessagePattern<string>(deleteExperiment.name)
  async delete(@Payload() { tenant, id }: One): Promise<Experiment> {
    const deleted = await this.store.delete(tenant, id);
    if (deleted) return shown(deleted);
    await this.known(tenant, id);
    throw stillRunning();
  }

  /** Also of a change that was made before: whoever made it may have been killed before saying so. */
  private async announced(row: ExperimentRow): Promise<ExperimentDetail> {
    this.inUse.forget(row.tenant);
    this.templates.forget(row.tenant);
    await this.messages.publish(templatesChanged, {}, { tenant: row.tenant, id: randomUUID() });
    return this.detail(row);
  }

  private async detail(row: ExperimentRow): Promise<ExperimentDetail> {
    return { ...shown(row), results: resultsOf(row, await this.observations.count(row)) };
  }

  private async known(tenant: string, id: string): Promise<ExperimentRow> {
    const row = await this.store.find(tenant, id);
    if (!row) throw Problem.notFound('experiment', id);
    return row;
  }

  /** The running experiment about the same template. */
  private async rivalOf({ tenant, type, channel }: ExperimentRow): Promise<ExperimentRow | undefined> {
    const [rival] = await this.store.list(tenant, { status: 'running', type, channel }, 1, null);
    return rival;
  }
}
