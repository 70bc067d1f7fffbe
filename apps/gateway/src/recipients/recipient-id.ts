import { parseInput, recipientIdSchema } from '@carillon/contracts';
import { z } from 'zod';

const schema = z.object({ id: recipientIdSchema });

/** A recipient's id in a path, for `@Param('id', recipientId)`. */
export const recipientId = { transform: (id: string): string => parseInput(schema, { id }, 'path').id };
