import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { extname } from 'node:path';
import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { Problem } from '@carillon/contracts';
import type { FastifyReply, FastifyRequest } from 'fastify';

const compress = promisify(gzip);

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.json': 'application/json; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
};

/** Bodies smaller than this travel as they are: compressing them saves no packet. */
const compressFrom = 1_000;

/** What routes that send a file say of their answers. */
export const keptFile = {
  headers: { etag: 'Of the file as it is.' },
  also: { 304: 'It is as `If-None-Match` says.' },
};

interface File {
  type: string;
  etag: string;
  body: Buffer;
  gzipped?: Buffer;
  headers: Record<string, string>;
}

/**
 * A fixed set of files, held in memory and served by their exact names: what is not in the set does not exist, whatever
 * a path contains. Names carry no version, so browsers keep the files but ask each time whether they changed (`ETag`).
 */
export class Site {
  private readonly files = new Map<string, File>();

  /** @param headers sent with every file, unless the file has its own */
  constructor(private readonly headers: Record<string, string> = {}) {}

  /**
   * Adds a file; its type follows from the name.
   * @throws Error for a name whose type is not known here
   */
  async add(name: string, content: string | Buffer, headers: Record<string, string> = {}): Promise<this> {
    const type = types[extname(name)];
    if (!type) throw new Error(`what is the media type of ${name}? Add it to site.ts`);
    const body = Buffer.from(content);
    this.files.set(name, {
      type,
      // Weak: the same file compressed or not.
      etag: `W/"${createHash('sha256').update(body).digest('base64url').slice(0, 27)}"`,
      body,
      gzipped: body.length >= compressFrom ? await compress(body, { level: 9 }) : undefined,
      headers: { 'x-content-type-options': 'nosniff', 'referrer-policy': 'no-referrer', ...this.headers, ...headers },
    });
    return this;
  }

  /** Adds a file from the disk. */
  async read(name: string, path: string, headers?: Record<string, string>): Promise<this> {
    return this.add(name, await readFile(path), headers);
  }

  get names(): string[] {
    return [...this.files.keys()];
  }

  /**
   * Answers with a file, or with 304 when the caller has it already.
   * @throws Problem 404
   */
  send(name: string, request: FastifyRequest, reply: FastifyReply): void {
    const file = this.files.get(name);
    if (!file) throw Problem.notFound('file', name.slice(0, 64));
    const { type, etag, body, gzipped, headers } = file;
    void reply.headers({ ...headers, etag, 'cache-control': 'no-cache', vary: 'accept-encoding' });
    if (request.headers['if-none-match']?.split(/\s*,\s*/).includes(etag)) return void reply.code(304).send();
    void reply.type(type);
    if (gzipped && /\bgzip\b/.test(request.headers['accept-encoding'] ?? ''))
      return void reply.header('content-encoding', 'gzip').send(gzipped);
    void reply.send(body);
  }
}
