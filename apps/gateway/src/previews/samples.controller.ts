import { Body, Controller, Delete, Get, Param, Put } from '@nestjs/common';
import {
  catalogKeySchema,
  deleteSample,
  getSample,
  parseInput,
  putSample,
  sampleInputSchema,
  sampleSchema,
  type Sample,
} from '@carillon/contracts';
import { Messages } from '@carillon/messaging';
import { z } from 'zod';
import { Allow, Tenant } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import { body } from '../http/input.pipe.ts';

const pathSchema = z.object({ type: catalogKeySchema });
const typeInPath = { transform: (type: string) => parseInput(pathSchema, { type }, 'path').type };

/** What templates are previewed with where nothing else is given. */
@Controller('v1/admin/samples')
@Allow('admin', { read: 'viewer', change: 'editor' })
export class SamplesController {
  constructor(private readonly messages: Messages) {}

  @Get(':type')
  @Describe({
    summary: 'The sample data of a type',
    description: 'Your own, otherwise Carillon’s; empty for a type that nobody has written any for.',
    response: sampleSchema,
  })
  get(@Tenant() tenant: string, @Param('type', typeInPath) type: string): Promise<Sample> {
    return this.messages.call(getSample, { tenant, type });
  }

  @Put(':type')
  @Describe({
    summary: 'Keep sample data of your own for a type',
    description:
      'Used by previews and tests of its templates. Every admin sees them and they are kept until they are deleted, so let them be about nobody.',
    body: sampleInputSchema,
    bodyExample: { data: getSample.example.response.data },
    response: sampleSchema,
  })
  put(
    @Tenant() tenant: string,
    @Param('type', typeInPath) type: string,
    @Body(body(sampleInputSchema)) { data }: z.infer<typeof sampleInputSchema>,
  ): Promise<Sample> {
    return this.messages.call(putSample, { tenant, type, data });
  }

  @Delete(':type')
  @Describe({
    summary: 'Forget the sample data of your own',
    description: 'The answer is what is used from now on.',
    response: sampleSchema,
  })
  delete(@Tenant() tenant: string, @Param('type', typeInPath) type: string): Promise<Sample> {
    return this.messages.call(deleteSample, { tenant, type });
  }
}
