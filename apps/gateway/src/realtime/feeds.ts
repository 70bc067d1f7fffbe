import { Injectable } from '@nestjs/common';

@Injectable()
export class Feeds {
  of(_tenant: string, _recipient: string): { take(data: unknown): void } | undefined {
    return undefined;
  }
}
