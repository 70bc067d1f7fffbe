/** Recipients of a fan-out who are handled together, as in Carillon. */
export const chunkSize = 500;
