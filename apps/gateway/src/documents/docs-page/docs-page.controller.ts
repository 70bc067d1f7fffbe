import { Controller, Get, Header, Param, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Allow } from '../../access/access.guard.ts';
import { Describe } from '../../http/describe.ts';
import { keptFile } from '../site/site.ts';
import { DocsPage } from './docs-page.ts';

/** The API described for people. */
@Controller('docs')
@Allow('public')
export class DocsPageController {
  constructor(private readonly page: DocsPage) {}

  @Get()
  @Header('content-type', 'text/html')
  @Describe({ summary: 'This documentation as a page', ...keptFile })
  index(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.page.send('index.html', request, reply);
  }

  @Get('*')
  @Describe({
    summary: 'Scripts and styles of the page',
    responseTypes: ['text/javascript', 'text/css', 'image/svg+xml', 'image/png'],
    headers: keptFile.headers,
    also: { ...keptFile.also, 308: 'The page itself has one address.' },
    errors: { 404: 'not_found' },
  })
  file(@Param('*') name: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    // The page's links are relative, so it has one address only.
    if (name === '' || name === 'index.html') void reply.redirect('../docs', 308);
    else this.page.send(name, request, reply);
  }
}
