import { Body, Controller, Delete, Get, Param, Post, Query } from '@nestjs/common';
import {
  createExperiment,
  deleteExperiment,
  experimentDetailSchema,
  experimentFilterSchema,
  experimentInputSchema,
  experimentSchema,
  getExperiment,
  listExperiments,
  promoteVariant,
  startExperiment,
  stopExperiment,
  type Experiment,
  type ExperimentDetail,
  type ExperimentInput,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { z } from 'zod';
import { Allow, CallerName, Tenant } from '../access/access.guard.ts';
import { Identity, type RequestIdentity } from '../idempotency/request-identity.ts';
import { Describe } from '../http/describe.ts';
import { body, query } from '../http/input.pipe.ts';
import { after, page, pagingSchema, type Page } from '../http/paging.ts';
import { uuid } from '../http/uuid.pipe.ts';
import { forTemplates, TimeLimit } from '../limits/time-limit.ts';

const listQuery = z.strictObject({ ...experimentFilterSchema.shape, ...pagingSchema.shape });
const pageSchema = z.object({ data: z.array(experimentSchema), next_cursor: z.string().nullable() });
const promoteSchema = z.strictObject({
  /** Key of the winner. */
  variant: z.string().min(1).max(32),
});

/** An email may be compiled for each of ten variants in each language; millions of deliveries take seconds to count. */
const patient = { timeoutMs: 30_000 };

/** Which words do better: variants of a template, each for a share of the recipients. */
@Controller('v1/admin/experiments')
@Allow('admin', { read: 'viewer', change: 'editor' })
@TimeLimit(forTemplates)
export class ExperimentsController {
  constructor(private readonly messages: Messages) {}

  @Get()
  @Describe({ summary: 'Experiments, newest first', query: listQuery, response: pageSchema })
  async list(
    @Tenant() tenant: string,
    @Query(query(listQuery)) { limit, cursor, ...filter }: z.infer<typeof listQuery>,
  ): Promise<Page<Experiment>> {
    const request = { tenant, filter, limit, after: after('experiments', cursor) };
    return page('experiments', await this.messages.call(listExperiments, request));
  }

  @Post()
  @Describe({
    summary: 'Make an experiment',
    description:
      'A draft: nothing changes until it is started. The first variant is the control. Each variant says what its `versions` or its own `words` say in each language, or with neither what is in use now; from then on that never changes. Nor do the weights: for others make another experiment.',
    body: experimentInputSchema,
    bodyExample: createExperiment.example.request.experiment,
    response: experimentSchema,
    status: 201,
    errors: { 422: 'invalid_experiment' },
  })
  create(
    @Tenant() tenant: string,
    @CallerName() created_by: string,
    @Identity() identity: RequestIdentity,
    @Body(body(experimentInputSchema)) experiment: ExperimentInput,
  ): Promise<Experiment> {
    return this.messages.call(createExperiment, { tenant, id: identity.id(), experiment, created_by }, patient);
  }

  @Get(':id')
  @Describe({
    summary: 'One experiment with its results',
    description:
      'Deliveries by variant, what became of them, and how each variant does against the control: rates and differences with their 95 % confidence intervals. A delivery counts once, however often it is opened; what mail services and scanners open by themselves does not count.',
    response: experimentDetailSchema,
    errors: { 404: 'not_found' },
  })
  get(@Tenant() tenant: string, @Param('id', uuid('experiment')) id: string): Promise<ExperimentDetail> {
    return this.messages.call(getExperiment, { tenant, id }, patient);
  }

  @Post(':id/start')
  @Describe({
    summary: 'Start an experiment',
    description:
      'From now on every recipient gets one of the variants, always the same one. One experiment at a time may be about a template.',
    response: experimentDetailSchema,
    errors: { 404: 'not_found', 409: 'experiment_not_draft, experiment_running' },
  })
  start(@Tenant() tenant: string, @Param('id', uuid('experiment')) id: string): Promise<ExperimentDetail> {
    return this.messages.call(startExperiment, { tenant, id }, patient);
  }

  @Post(':id/stop')
  @Describe({
    summary: 'Stop an experiment',
    description: 'Everyone gets the words in use again. What recipients do with what they got before is still counted.',
    response: experimentDetailSchema,
    errors: { 404: 'not_found', 409: 'experiment_not_running' },
  })
  stop(@Tenant() tenant: string, @Param('id', uuid('experiment')) id: string): Promise<ExperimentDetail> {
    return this.messages.call(stopExperiment, { tenant, id }, patient);
  }

  @Post(':id/promote')
  @Describe({
    summary: 'Promote the winner',
    description:
      'Ends the experiment: the words of the variant become the next published version of the template, in every language of the experiment. A stopped one can still be promoted.',
    body: promoteSchema,
    bodyExample: { variant: 'short' },
    response: experimentDetailSchema,
    errors: { 404: 'not_found', 409: 'experiment_not_started, experiment_promoted', 422: 'unknown_variant' },
  })
  promote(
    @Tenant() tenant: string,
    @CallerName() promoted_by: string,
    @Param('id', uuid('experiment')) id: string,
    @Body(body(promoteSchema)) { variant }: z.infer<typeof promoteSchema>,
  ): Promise<ExperimentDetail> {
    return this.messages.call(promoteVariant, { tenant, id, variant, promoted_by }, patient);
  }

  @Delete(':id')
  @Describe({
    summary: 'Delete an experiment',
    description: 'With its results; not while it is running. Answers with what was deleted.',
    response: experimentSchema,
    errors: { 404: 'not_found', 409: 'experiment_running' },
  })
  delete(@Tenant() tenant: string, @Param('id', uuid('experiment')) id: string): Promise<Experiment> {
    return this.messages.call(deleteExperiment, { tenant, id });
  }
}
