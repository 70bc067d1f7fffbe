import { Injectable } from '@nestjs/common';

/** The foreign exchanges that tenants' catalogs name, and whose events come through them. */
@Injectable()
export class Sources {
  private index?: Promise<unknown>;

  /** A catalog is another now: the next message reads the sources anew. */
  forget(): void {
    this.index = undefined;
  }
}
