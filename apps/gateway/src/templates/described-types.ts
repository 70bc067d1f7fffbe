import { Injectable } from '@nestjs/common';
import { effectiveCatalog, Problem } from '@carillon/contracts';
import { Messages } from '@carillon/messaging';

/** JSON Schema of the data that words are filled with; null where none is declared. */
type Schema = Record<string, unknown> | null;

/** What the catalog says of the types that words are written for. */
@Injectable()
export class DescribedTypes {
  constructor(private readonly messages: Messages) {}

  /** By every type that words can be written for; its own schema, unless other types share its words. */
  async schemas(tenant: string): Promise<Map<string, Schema>> {
    const { types } = await this.messages.call(effectiveCatalog, { tenant });
    const users = Map.groupBy(types, ({ template }) => template);
    const keys = new Set(['generic', ...types.map(({ key }) => key), ...users.keys()]);
    return new Map(
      [...keys].map((key) => {
        const [user, another] = users.get(key) ?? [];
        return [key, (user && !another && user.schema) || null];
      }),
    );
  }

  /** @throws Problem 422 `unknown_type` for words that nothing would ever use */
  async schemaOf(tenant: string, type: string): Promise<Schema> {
    const schema = (await this.schemas(tenant)).get(type);
    if (schema !== undefined) return schema;
    const message = `"${type}" is not a type of your catalog; create it first with PUT /v1/admin/types/${type}`;
    throw Problem.unprocessable('unknown_type', 'There is no such notification type', [{ path: 'key', message }]);
  }
}
