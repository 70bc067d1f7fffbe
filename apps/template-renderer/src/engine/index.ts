export * from './engine.ts';
export * from './formatting.ts';
export * from './limits.ts';
export * from './template-error.ts';
export * from './variables.ts';
export * from './variable-uses.ts';
