import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { gatewayFolder } from '../package-folder.ts';
import { Site } from '../site/site.ts';

/** The console is a static web app beside this one; nothing of it is code of the gateway. */
const folder = join(gatewayFolder, '..', 'admin', 'src');

/** What belongs to the console; tests lie beside its scripts. */
const belongs = /\.(html|css|js|svg)$/;

/** Nothing but the console's own files and this server's API, and no markup that could run anything. */
const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self'",
  "connect-src 'self'",
  "frame-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "require-trusted-types-for 'script'",
].join('; ');

/**
 * The frame in which the content of a message is shown: inline styles as emails have them, and nothing else. It loads no
 * picture from anywhere, or looking at a delivery would count as an open.
 */
const previewPolicy = [
  "default-src 'none'",
  "style-src 'unsafe-inline'",
  'img-src data:',
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'self'",
  'sandbox allow-same-origin',
].join('; ');

/** The admin console's files. */
@Injectable()
export class AdminConsole extends Site implements OnModuleInit {
  /** @throws Error when the console's folder is not where it should be: then the installation is incomplete */
  async onModuleInit(): Promise<void> {
    for (const name of await readdir(folder, { recursive: true })) {
      if (!belongs.test(name)) continue;
      const policy = name === 'preview.html' ? previewPolicy : contentSecurityPolicy;
      await this.read(name, join(folder, name), { 'content-security-policy': policy });
    }
  }
}
