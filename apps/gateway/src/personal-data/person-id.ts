import { parseInput, recipientIdSchema } from '@carillon/contracts';
import { z } from 'zod';

/** A recipient's id in a path. @throws Problem 400 `invalid_path` */
export const personId = {
  transform: (id: string): string => parseInput(z.object({ id: recipientIdSchema }), { id }, 'path').id,
};
