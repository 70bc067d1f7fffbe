import { Controller, Get, Header, Param, Req, Res } from '@nestjs/common';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { Allow } from '../../access/access.guard.ts';
import { Describe } from '../../http/describe.ts';
import { keptFile } from '../site/site.ts';
import { AdminConsole } from './admin-console.ts';

/** The admin console. Its files are no secret; what it shows needs an API key. */
@Controller('admin')
@Allow('public')
export class AdminConsoleController {
  constructor(private readonly console: AdminConsole) {}

  @Get()
  @Header('content-type', 'text/html')
  @Describe({ summary: 'The admin console', ...keptFile })
  index(@Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    this.console.send('index.html', request, reply);
  }

  @Get('*')
  @Describe({
    summary: 'Scripts and styles of the console',
    responseTypes: ['text/javascript', 'text/css', 'image/svg+xml', 'image/png'],
    headers: keptFile.headers,
    also: { ...keptFile.also, 308: 'The page itself has one address.' },
    errors: { 404: 'not_found' },
  })
  file(@Param('*') name: string, @Req() request: FastifyRequest, @Res() reply: FastifyReply): void {
    // The page's links are relative, so it has one address only.
    if (name === '' || name === 'index.html') void reply.redirect('../admin', 308);
    else this.console.send(name, request, reply);
  }
}
