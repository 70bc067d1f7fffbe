import { Controller, Get, Header, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Allow } from '../access/access.guard.ts';
import { Describe } from '../http/describe.ts';
import { ApiDocuments } from './api-documents.ts';
import { keptFile } from './site/site.ts';

/** The API described for machines. */
@Controller()
@Allow('public')
export class DocumentsController {
  constructor(private readonly documents: ApiDocuments) {}

  @Get('openapi.json')
  @Header('content-type', 'application/json')
  @Describe({ summary: 'The REST API as OpenAPI 3.1', ...keptFile })
  openApi(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.documents.send('openapi.json', request, reply);
  }

  @Get('asyncapi.json')
  @Header('content-type', 'application/json')
  @Describe({ summary: 'What travels over RabbitMQ as AsyncAPI 3.0', ...keptFile })
  asyncApi(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.documents.send('asyncapi.json', request, reply);
  }
}
